import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../src/errors.ts';
import { verifyResult } from '../src/sink/verify.ts';
import {
  type Extent,
  type Finding,
  leftovers,
  RunChild,
  runArguments,
  runToEnd,
  startCli,
  type Workshop,
} from './harness.ts';

const MEGABYTE = 2 ** 20;

/** A tmpfs of its own; null where this machine does not let us mount one. */
function mountDisk(within: string, byteLength: number): string | null {
  const folder = mkdtempSync(join(within, 'disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${byteLength}`, 'tmpfs', folder]);
  if (status === 0) return folder;
  rmSync(folder, { recursive: true });
  return null;
}

function unmountDisk(folder: string): void {
  spawnSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true, force: true });
}

/** Leaves so many bytes free. */
function fillUp(disk: string, freeBytes: number): void {
  const filler = join(disk, '.filler');
  rmSync(filler, { force: true });
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)));
}

function isFullDiskMessage(message: string, name: string): boolean {
  return (
    message.includes(`${name}: the disk is full`) && /about [\d.]+ [KMG]?B more are needed/.test(message)
  );
}

/** The disk of the result, or of the temporary folder, fills up at `count` points of a run. */
export async function fillDisks(workshop: Workshop, extent: Extent): Promise<Finding> {
  const disk = mountDisk(workshop.folder, 8 * MEGABYTE);
  const promise = 'disk full: exit 74, old result intact';
  if (disk === null)
    return { promise, tried: 0, held: 0, figures: 'not tried: no tmpfs can be mounted here', problems: [] };
  try {
    const half = Math.ceil(extent.count / 2);
    const staging = await fillResultDisk(workshop, disk, { ...extent, count: half });
    const spill = await fillTemporaryDisk(workshop, disk, { ...extent, count: extent.count - half });
    const problems = [...staging.problems, ...spill.problems];
    const tried = staging.tried + spill.tried;
    return {
      promise,
      tried,
      held: tried - problems.length,
      figures: `${staging.full} times full in staging and publish, ${spill.full} in spill; the others fitted`,
      problems,
    };
  } finally {
    unmountDisk(disk);
  }
}

interface Filled {
  tried: number;
  full: number;
  readonly problems: string[];
}

async function fillResultDisk(workshop: Workshop, disk: string, { count, untilMs }: Extent): Promise<Filled> {
  const filled: Filled = { tried: 0, full: 0, problems: [] };
  const place = join(disk, 'place');
  mkdirSync(place);
  const at: Workshop = { ...workshop, out: join(place, 'result') };
  // Twice, so that the version which the next run removes is there.
  for (const lake of [0, 1, 0] as const) await runToEnd(runArguments(at, lake), at);
  const before = await verifyResult(at.out);
  const needBytes = before.bytes + 64 * 1024;
  for (; filled.tried < count && Date.now() < untilMs; filled.tried++) {
    fillUp(disk, Math.floor((filled.tried / count) * needBytes));
    const { code, stderr } = await startCli(runArguments(at, 1), at).ended;
    const stands = await verifyResult(at.out);
    const isOld = stands.contentHash === before.contentHash;
    const where = `result disk, step ${filled.tried}`;
    if (code === EXIT.disk) {
      filled.full += 1;
      if (!isFullDiskMessage(stderr, at.out)) filled.problems.push(`${where}: said '${stderr.trim()}'`);
      if (!isOld) filled.problems.push(`${where}: the old result is gone`);
    } else if (code !== EXIT.ok) filled.problems.push(`${where}: exit ${code}: ${stderr.trim()}`);
    const left = leftovers(at);
    if (stands.differences.length + left.length > 0)
      filled.problems.push(`${where}: ${JSON.stringify(stands.differences)} left ${left.join(', ')}`);
    rmSync(join(disk, '.filler'), { force: true });
    if (code === EXIT.ok) await runToEnd(runArguments(at, 0), at);
  }
  rmSync(place, { recursive: true });
  return filled;
}

async function fillTemporaryDisk(
  workshop: Workshop,
  disk: string,
  { count, untilMs }: Extent,
): Promise<Filled> {
  const filled: Filled = { tried: 0, full: 0, problems: [] };
  const { lakes, out } = workshop;
  const options = { inputs: [lakes[0].events], out, threads: 1, force: true };
  rmSync(join(disk, '.filler'), { force: true });
  const child = new RunChild(disk);
  try {
    const whole = await child.run(options, { heldLimitBytes: 0 });
    const needBytes = (whole.spilledBytes ?? 0) + MEGABYTE / 2;
    for (; filled.tried < count && Date.now() < untilMs; filled.tried++) {
      fillUp(disk, Math.floor((filled.tried / count) * needBytes));
      const { code, message = '' } = await child.run(options, { heldLimitBytes: 0 });
      const where = `temporary disk, step ${filled.tried}`;
      if (code === EXIT.disk) {
        filled.full += 1;
        if (!isFullDiskMessage(message, disk)) filled.problems.push(`${where}: said '${message}'`);
      } else if (code !== EXIT.ok) filled.problems.push(`${where}: exit ${code}: ${message}`);
      const { differences, contentHash } = await verifyResult(out);
      if (differences.length > 0 || contentHash !== whole.contentHash)
        filled.problems.push(`${where}: the result is not the old one`);
      const left = readdirSync(disk).filter((name) => name !== '.filler');
      if (left.length > 0) filled.problems.push(`${where}: left ${left.join(', ')}`);
    }
  } finally {
    child.kill();
    if (existsSync(join(disk, '.filler'))) rmSync(join(disk, '.filler'));
  }
  return filled;
}
