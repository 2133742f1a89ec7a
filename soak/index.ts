import yargs from 'yargs';
import { formatTable } from '../src/terminal/table.ts';
import { compareHashes } from './determinism.ts';
import { flipBits } from './flips.ts';
import { fillDisks } from './full-disk.ts';
import { fuzzFiles } from './fuzz.ts';
import { closeWorkshop, type Extent, type Finding, openWorkshop, type Workshop } from './harness.ts';
import { killAfterEachStep, killAtRandomMoments } from './kills.ts';
import { contendForLock } from './locks.ts';
import { measureMemory } from './memory.ts';
import { runAgain } from './reruns.ts';
import { sendSignals } from './signals.ts';
import { killUpdates } from './update-kills.ts';
import { letWorkersDie } from './worker-deaths.ts';

/** Every promise: how often it is tried in full, and how. */
const PROMISES: Readonly<
  Record<string, readonly [count: number, work: (workshop: Workshop, extent: Extent) => Promise<Finding>]>
> = {
  kills: [200, killAtRandomMoments],
  steps: [200, killAfterEachStep],
  updates: [200, killUpdates],
  flips: [500, flipBits],
  reruns: [20, runAgain],
  locks: [25, contendForLock],
  disks: [50, fillDisks],
  signals: [50, sendSignals],
  workers: [12, letWorkersDie],
  hashes: [27, compareHashes],
  memory: [3, measureMemory],
  fuzz: [10_000, (workshop, extent) => fuzzFiles(workshop, extent, { firstSeed: args['first-seed'] })],
};

const args = await yargs(process.argv.slice(2))
  .scriptName('npm run soak --')
  .options({
    only: { type: 'string', array: true, choices: Object.keys(PROMISES), describe: 'Some of them' },
    minutes: { type: 'number', default: 30, describe: 'No new round after so long' },
    count: { type: 'number', describe: 'Rounds of each, in place of the full number' },
    'first-seed': { type: 'number', default: 1, describe: 'Of the damaged files' },
  })
  .strict()
  .parseAsync();

const untilMs = Date.now() + args.minutes * 60_000;
const findings: Finding[] = [];
for (const name of args.only ?? Object.keys(PROMISES)) {
  const [count, work] = PROMISES[name]!;
  process.stderr.write(`${name}\n`);
  const workshop = await openWorkshop();
  try {
    const finding = await work(workshop, { count: args.count ?? count, untilMs });
    findings.push(finding);
    for (const problem of finding.problems) process.stderr.write(`  ${problem}\n`);
  } finally {
    closeWorkshop(workshop);
  }
}
const rows = findings.map(({ promise, tried, held, figures }) => [
  promise,
  String(tried),
  String(held),
  figures,
]);
process.stdout.write(`${formatTable(['promise', 'tried', 'held', 'figures'], rows, '').join('\n')}\n`);
process.exitCode = findings.some(({ problems }) => problems.length > 0) ? 1 : 0;
