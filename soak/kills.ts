import { pathToFileURL } from 'node:url';
import { verifyResult } from '../src/sink/verify.ts';
import {
  type Extent,
  type Finding,
  leftovers,
  randomOf,
  runArguments,
  runToEnd,
  soakFile,
  startCli,
  type Workshop,
  wait,
} from './harness.ts';
import { startReader } from './reader.ts';

type Kill = (args: readonly string[], round: number) => Promise<'killed' | 'ended'>;

/** Kills a run of the other lake, looks whether the old result stands, and runs it to its end; for each round. */
async function killAndRerun(
  promise: string,
  workshop: Workshop,
  { count, untilMs }: Extent,
  kill: Kill,
  stopWhenEnded: boolean,
): Promise<Finding> {
  const hashes: string[] = [];
  for (const lake of [1, 0] as const) hashes[lake] = await runToEnd(runArguments(workshop, lake), workshop);
  const reader = startReader(workshop.out, new Set(hashes));
  const problems: string[] = [];
  let tried = 0;
  let killed = 0;
  for (; tried < count && Date.now() < untilMs; ) {
    const lake = tried % 2 === 0 ? 1 : 0;
    tried += 1;
    const ended = await kill(runArguments(workshop, lake), tried);
    if (ended === 'killed') killed += 1;
    const stands = await verifyResult(workshop.out);
    if (stands.differences.length > 0) problems.push(`round ${tried}: ${JSON.stringify(stands.differences)}`);
    const hash = await runToEnd(runArguments(workshop, lake), workshop);
    if (hash !== hashes[lake]) problems.push(`round ${tried}: the rerun gave ${hash}, not ${hashes[lake]}`);
    const left = leftovers(workshop);
    if (left.length > 0) problems.push(`round ${tried}: left behind: ${left.join(', ')}`);
    if (stopWhenEnded && ended === 'ended') break;
  }
  const seen = await reader.stop();
  problems.push(...seen.problems);
  const figures = `${killed} killed; ${seen.reads} reads, ${seen.replaced} met a swap and began again, ${seen.problems.length} torn, mixed or missing`;
  return { promise, tried, held: tried - Math.min(tried, problems.length), figures, problems };
}

/** SIGKILL at random moments of a run. */
export function killAtRandomMoments(workshop: Workshop, extent: Extent): Promise<Finding> {
  const random = randomOf(5);
  let typicalMs = 1000;
  const kill: Kill = async (args) => {
    const startMs = performance.now();
    const { child, ended } = startCli(args, workshop);
    await Promise.race([wait(random() * typicalMs), ended]);
    child.kill('SIGKILL');
    const { signal } = await ended;
    if (signal === null) typicalMs = performance.now() - startMs;
    else typicalMs *= 1.01;
    return signal === 'SIGKILL' ? 'killed' : 'ended';
  };
  return killAndRerun('kill -9 at a random moment', workshop, extent, kill, false);
}

/** SIGKILL right after the n-th change of the file system, for n by strides until a run comes to its end. */
export function killAfterEachStep(workshop: Workshop, extent: Extent, stride = 1): Promise<Finding> {
  const preload = ['--import', pathToFileURL(soakFile('kill-at-step.mjs')).href];
  const kill: Kill = async (args, round) => {
    const { ended } = startCli(args, workshop, {
      env: { KILL_AT_STEP: String(round * stride) },
      nodeArgs: preload,
    });
    return (await ended).signal === 'SIGKILL' ? 'killed' : 'ended';
  };
  return killAndRerun('kill -9 after each step', workshop, extent, kill, true);
}
