import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT } from '../src/errors.ts';
import { verifyResult } from '../src/sink/verify.ts';
import {
  type Extent,
  type Finding,
  leftovers,
  RunChild,
  runArguments,
  startCli,
  type Workshop,
  wait,
} from './harness.ts';

/**
 * So many processes start a run into one folder at the same moment, for `count` rounds; before every second round a
 * run is killed, so that all of them meet its stale lock.
 */
export async function contendForLock(
  workshop: Workshop,
  { count, untilMs }: Extent,
  processes = 8,
): Promise<Finding> {
  const children = Array.from({ length: processes }, () => new RunChild(workshop.temporary));
  const { events } = workshop.lakes[0];
  const problems: string[] = [];
  let tried = 0;
  let stale = 0;
  try {
    // A first job each, somewhere else, so that every process has loaded what it needs.
    await Promise.all(
      children.map((child, i) =>
        child.run({ inputs: [events], out: join(workshop.folder, `warm-${i}`), threads: 1 }),
      ),
    );
    for (; tried < count && Date.now() < untilMs; tried++) {
      if (tried % 2 === 1 && (await leaveStaleLock(workshop))) stale += 1;
      const options = { inputs: [events], out: workshop.out, threads: 1, force: true };
      const codes = (await Promise.all(children.map((child) => child.run(options)))).map(({ code }) => code);
      const winners = codes.filter((code) => code === EXIT.ok).length;
      const losers = codes.filter((code) => code === EXIT.locked).length;
      if (winners !== 1 || losers !== processes - 1)
        problems.push(`round ${tried}: exit codes ${codes.join(', ')}`);
      const { differences } = await verifyResult(workshop.out);
      const left = leftovers(workshop);
      if (differences.length + left.length > 0)
        problems.push(`round ${tried}: ${JSON.stringify(differences)} ${left.join(', ')}`);
    }
  } finally {
    for (const child of children) child.kill();
  }
  const figures = `${processes} processes; ${stale} rounds met the lock of a run that was killed`;
  return { promise: 'one run at a time', tried, held: tried - problems.length, figures, problems };
}

/** False where the run had ended before it could be killed. */
async function leaveStaleLock(workshop: Workshop): Promise<boolean> {
  const lock = join(dirname(workshop.out), '.result.playfold', 'lock');
  const { child, ended } = startCli([...runArguments(workshop, 0), '--force'], workshop);
  while (!existsSync(lock) && child.exitCode === null) await wait(2);
  child.kill('SIGKILL');
  await ended;
  return existsSync(lock);
}
