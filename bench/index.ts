import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import yargs from 'yargs';
import { parseCount } from '../src/commands/generate.ts';
import { compileKernel } from '../src/kernel/kernel.ts';
import { availableCores } from '../src/resources.ts';
import { formatTable } from '../src/terminal/table.ts';
import { type Aim, judgeAims, median, ratio, VARIANTS } from './aims.ts';
import type { Measured } from './child.ts';
import { benchKernel } from './kernel.ts';
import { benchSkew, type Skew } from './skew.ts';
import { benchUpdates, type UpdateBench } from './update.ts';
import { benchWholeRun, type Contender, lakeBytes } from './whole-run.ts';

// This file runs as bench/.build/bench/index.js.
const root = fileURLToPath(new URL('../../..', import.meta.url));

const args = await yargs(process.argv.slice(2))
  .scriptName('npm run bench --')
  .options({
    events: { type: 'string', default: '1M,10M', describe: 'Sizes of the whole run' },
    rounds: {
      type: 'number',
      default: 3,
      describe: 'Runs of each contender; of 100M events, one of each rival',
    },
    folder: { type: 'string', default: join(tmpdir(), 'playfold-bench'), describe: 'Where lakes are kept' },
    skew: { type: 'boolean', default: false, describe: 'Also the skewed lakes, 5 to 20 million events each' },
    update: { type: 'boolean', default: false, describe: 'Updates instead of whole runs' },
    json: { type: 'boolean', default: false, describe: 'Print one JSON object' },
  })
  .strict()
  .parseAsync();

const fixed = (value: number): string => value.toFixed(2);

/** A table of contenders; ratios are medians of the ratios round by round. */
function contenderTable(contenders: readonly Contender[]): string[] {
  const playfold = contenders.find(({ name }) => name === 'playfold')!;
  const rows = contenders.map(({ name, seconds, peakBytes }) => [
    name,
    fixed(median(seconds)),
    `${fixed(Math.min(...seconds))}-${fixed(Math.max(...seconds))}`,
    fixed(ratio(contenders.find((one) => one.name === name)!, playfold)),
    (peakBytes / 1e6).toFixed(0),
  ]);
  return formatTable(['contender', 'seconds', 'spread', 'x playfold', 'peak MB'], rows, '  ');
}

/** MB/s are of the input for the scan, and of the result for merge and check. */
function stageLines({ summary }: Contender, floorSeconds: number, inputBytes: number): string[] {
  const bytesOf: Record<string, number> = { scan: inputBytes, merge: summary!.bytes, check: summary!.bytes };
  const rows = summary!.stages.map(({ stage, seconds, cpuSeconds, rows: done, rowsPerSecond }) => [
    stage,
    fixed(seconds),
    fixed(cpuSeconds),
    String(done),
    String(rowsPerSecond),
    bytesOf[stage] === undefined ? '' : (bytesOf[stage] / 1e6 / seconds).toFixed(0),
    fixed(seconds / floorSeconds),
  ]);
  return formatTable(['stage', 'seconds', 'cpu seconds', 'rows', 'rows/s', 'MB/s', 'x floor'], rows, '  ');
}

function aimLines(aims: readonly Aim[]): string[] {
  const rows = aims.map(({ name, aim, found, holds }) => [
    name,
    aim,
    fixed(found),
    holds ? 'holds' : 'misses',
  ]);
  return formatTable(['aim', '', 'found', ''], rows, '  ');
}

function skewLines(
  skews: readonly (readonly [Skew, Measured<{ readonly peakBytes: number }>])[],
  usualNs: number,
): string[] {
  const rows = skews.map(([{ name, eventCount }, { wallSeconds, peakBytes }]) => {
    const nsAnEvent = (wallSeconds * 1e9) / eventCount;
    return [
      name,
      fixed(wallSeconds),
      nsAnEvent.toFixed(0),
      fixed(nsAnEvent / usualNs),
      (peakBytes / 1e6).toFixed(0),
    ];
  });
  return formatTable(['skewed lake', 'seconds', 'ns an event', 'x usual', 'peak MB'], rows, '  ');
}

function updateTable(benches: readonly UpdateBench[]): string[] {
  const rows = benches.map(({ lake, share, runSeconds, updateSeconds, firstSeconds, peakBytes, update }) => [
    lake,
    `${share * 100} %`,
    fixed(median(runSeconds)),
    fixed(firstSeconds),
    fixed(median(updateSeconds)),
    fixed(median(updateSeconds.map((value, round) => value / runSeconds[round]!))),
    (peakBytes / 1e6).toFixed(0),
    String(update?.rowsChanged ?? 0),
    `${update?.filesWritten ?? 0} of ${(update?.filesWritten ?? 0) + (update?.filesLinked ?? 0)}`,
  ]);
  const head = [
    'lake',
    'new events',
    'run',
    'first update',
    'update',
    'x run',
    'peak MB',
    'rows changed',
    'files written',
  ];
  return formatTable(head, rows, '  ');
}

if (args.update) {
  for (const text of args.events.split(',')) {
    const benches = await benchUpdates({
      eventCount: parseCount('events', text),
      rounds: args.rounds,
      folder: args.folder,
      cli: join(root, 'dist', 'cli.js'),
    });
    const lines = args.json
      ? [JSON.stringify(benches)]
      : [`Updates of ${text} events`, ...updateTable(benches)];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  process.exit();
}

const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableCores(), node: process.version };
/** From here on a size is judged: with one thread, little memory, both rivals and a tenth of the events beside it. */
const JUDGED_EVENTS = 50_000_000;

const kernel = await benchKernel(compileKernel(join(root, 'dist', 'kernel.wasm')));
const cli = join(root, 'dist', 'cli.js');
const sizes = new Set(args.events.split(',').map((text) => parseCount('events', text)));
for (const size of sizes) if (size >= JUDGED_EVENTS) sizes.add(size / 10);
const runs: { eventCount: number; contenders: Contender[]; aims: Aim[] }[] = [];
for (const eventCount of [...sizes].sort((a, b) => a - b)) {
  const isJudged = eventCount >= JUDGED_EVENTS;
  const contenders = await benchWholeRun({
    eventCount,
    rounds: args.rounds,
    rivalRounds: isJudged ? 1 : args.rounds,
    threads: availableCores(),
    folder: args.folder,
    benchFolder: join(root, 'bench'),
    cli,
    rivals: ['floor', 'hashed-keys', ...(isJudged ? ['text-keys' as const] : [])],
    variants: isJudged ? VARIANTS : {},
  });
  const tenth = runs.find((run) => run.eventCount === eventCount / 10)?.contenders[0];
  runs.push({ eventCount, contenders, aims: isJudged ? judgeAims(contenders, tenth) : [] });
}
const skews = args.skew ? await benchSkew(args.folder, cli) : [];

if (args.json) {
  process.stdout.write(`${JSON.stringify({ machine, kernel, runs, skews })}\n`);
} else {
  const lines = [
    `${machine.cores} cores, ${machine.cpu}, Node ${machine.node}`,
    '',
    'Kernel, one thread, ns a row',
  ];
  lines.push(
    ...formatTable(
      ['stage', 'median', 'to p75'],
      kernel.map(({ stage, nsARow, spreadNs }) => [stage, fixed(nsARow), fixed(spreadNs)]),
      '  ',
    ),
  );
  for (const { eventCount, contenders, aims } of runs) {
    const floor = contenders.find(({ name }) => name === 'floor')!;
    const playfold = contenders.find(({ name }) => name === 'playfold')!;
    const overFloor = fixed(ratio(playfold, floor));
    lines.push('', `Whole run, ${eventCount} events, ${args.rounds} rounds: ${overFloor} x the floor`);
    lines.push(...contenderTable(contenders));
    lines.push(...stageLines(playfold, median(floor.seconds), lakeBytes(args.folder, eventCount)));
    if (aims.length > 0) lines.push(...aimLines(aims));
  }
  const usual = runs.at(-1)!;
  const usualNs = (median(usual.contenders[0]!.seconds) * 1e9) / usual.eventCount;
  if (skews.length > 0) lines.push('', ...skewLines(skews, usualNs));
  process.stdout.write(`${lines.join('\n')}\n`);
}
