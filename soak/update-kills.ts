import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { verifyResult } from '../src/sink/verify.ts';
import {
  type Extent,
  type Finding,
  leftovers,
  randomOf,
  runToEnd,
  startCli,
  type Workshop,
  wait,
} from './harness.ts';
import { startReader } from './reader.ts';

/** Parts that the files of a lake are dealt to: so many updates follow each other in one place. */
const MOST_DAYS = 6;

/** Deals the files of both lakes to days; gives what a run over the first n days comes to, for each n. */
async function dealDays(
  workshop: Workshop,
  most: number,
): Promise<{ days: string[][]; hashes: string[]; inputs: string }> {
  const files = workshop.lakes.flatMap(({ events }) =>
    readdirSync(events)
      .sort()
      .map((name) => join(events, name)),
  );
  const days = Array.from({ length: Math.min(most, files.length) }, () => [] as string[]);
  for (const [i, file] of files.entries()) days[i % days.length]!.push(file);
  const inputs = join(workshop.folder, 'days');
  mkdirSync(inputs);
  const hashes: string[] = [];
  for (let day = 0; day < days.length; day++) {
    addDay(inputs, days, day);
    hashes.push(await runToEnd(['run', ...argumentsOf(workshop, inputs, 'whole')], workshop));
  }
  return { days, hashes, inputs };
}

function addDay(inputs: string, days: readonly (readonly string[])[], day: number): void {
  for (const [i, file] of days[day]!.entries()) copyFileSync(file, join(inputs, `${day}-${i}.parquet`));
}

function argumentsOf({ lakes, folder }: Workshop, inputs: string, name: string): string[] {
  const out = name === 'result' ? join(folder, 'place', name) : join(folder, name);
  return [inputs, '--videos', lakes[0].videos, '--out', out, '--json', '--quiet'];
}

/**
 * SIGKILL at random moments of an update, beside a reader: result and state stay those of one call, and the next
 * update comes to what a run over everything does.
 */
export async function killUpdates(workshop: Workshop, { count, untilMs }: Extent): Promise<Finding> {
  const { days, hashes, inputs } = await dealDays(workshop, Math.min(MOST_DAYS, count + 1));
  const args = ['update', ...argumentsOf(workshop, inputs, 'result')];
  const random = randomOf(11);
  const problems: string[] = [];
  const figures = { killed: 0, reads: 0, replaced: 0, torn: 0 };
  let typicalMs = 1000;
  let tried = 0;
  const mayGoOn = (): boolean => tried < count && Date.now() < untilMs;
  while (mayGoOn()) {
    rmSync(inputs, { recursive: true });
    rmSync(dirname(workshop.out), { recursive: true });
    for (const folder of [inputs, dirname(workshop.out)]) mkdirSync(folder);
    addDay(inputs, days, 0);
    await runToEnd(args, workshop);
    const reader = startReader(workshop.out, new Set(hashes));
    for (let day = 1; day < days.length && mayGoOn(); day++) {
      tried += 1;
      addDay(inputs, days, day);
      const startMs = performance.now();
      const { child, ended } = startCli(args, workshop);
      await Promise.race([wait(random() * typicalMs), ended]);
      child.kill('SIGKILL');
      if ((await ended).signal === 'SIGKILL') figures.killed += 1;
      else typicalMs = performance.now() - startMs;
      const { differences, contentHash } = await verifyResult(workshop.out);
      if (differences.length > 0) problems.push(`round ${tried}: ${JSON.stringify(differences)}`);
      if (contentHash !== hashes[day - 1] && contentHash !== hashes[day])
        problems.push(`round ${tried}: ${contentHash} is the result of neither day`);
      const hash = await runToEnd(args, workshop);
      if (hash !== hashes[day])
        problems.push(`round ${tried}: the next update gave ${hash}, not ${hashes[day]}`);
      const left = leftovers(workshop);
      if (left.length > 0) problems.push(`round ${tried}: left behind: ${left.join(', ')}`);
    }
    const seen = await reader.stop();
    figures.reads += seen.reads;
    figures.replaced += seen.replaced;
    figures.torn += seen.problems.length;
    problems.push(...seen.problems);
  }
  const { killed, reads, replaced, torn } = figures;
  return {
    promise: 'kill -9 of an update',
    tried,
    held: tried - Math.min(tried, problems.length),
    figures: `${killed} killed; ${reads} reads, ${replaced} met a swap and began again, ${torn} torn, mixed or missing`,
    problems,
  };
}
