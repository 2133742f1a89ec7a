import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type Extent,
  type Finding,
  leftovers,
  randomOf,
  runArguments,
  runToEnd,
  startCli,
  type Workshop,
  wait,
} from './harness.ts';

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Sends SIGINT or SIGTERM at random moments. Before playfold listens, the signal ends the process as it ends any
 * other, which a shell shows as the same code; afterwards nothing may be left.
 */
export async function sendSignals(workshop: Workshop, { count, untilMs }: Extent): Promise<Finding> {
  const random = randomOf(7);
  const lock = join(dirname(workshop.out), '.result.playfold', 'lock');
  const problems: string[] = [];
  const figures = { stopped: 0, early: 0, late: 0, slowestMs: 0 };
  const firstMs = performance.now();
  await runToEnd(runArguments(workshop, 0), workshop);
  let typicalMs = performance.now() - firstMs;
  let tried = 0;
  for (; tried < count && Date.now() < untilMs; tried++) {
    const name = tried % 2 === 0 ? 'SIGINT' : 'SIGTERM';
    const startMs = performance.now();
    const { child, ended } = startCli([...runArguments(workshop, 0), '--force'], workshop);
    // Every second one once the run has its lock: half of a short run is the start of the process.
    const isLater = tried % 4 > 1;
    while (isLater && !existsSync(lock) && child.exitCode === null) await wait(2);
    await Promise.race([wait(random() * (isLater ? typicalMs / 2 : typicalMs)), ended]);
    const sentMs = performance.now();
    child.kill(name);
    const { code, signal, stderr } = await ended;
    if (code === 0) {
      figures.late += 1;
      typicalMs = performance.now() - startMs;
      continue;
    }
    typicalMs *= 1.02;
    figures.slowestMs = Math.max(figures.slowestMs, performance.now() - sentMs);
    if (signal === name) figures.early += 1;
    else if (code === CODES[name]) {
      figures.stopped += 1;
      if (!stderr.includes(`stopped by ${name}; nothing was published`))
        problems.push(`${name}: said '${stderr}'`);
    } else problems.push(`${name}: exit ${code ?? signal}: ${stderr}`);
    const left = existsSync(workshop.out) ? leftovers(workshop) : [];
    if (left.length > 0) problems.push(`${name}: left behind: ${left.join(', ')}`);
  }
  const { stopped, early, late, slowestMs } = figures;
  return {
    promise: 'SIGINT 130, SIGTERM 143',
    tried,
    held: tried - problems.length,
    figures: `${stopped} stopped by us, ${early} before playfold listened, ${late} had ended; slowest ${(slowestMs / 1000).toFixed(2)} s`,
    problems,
  };
}
