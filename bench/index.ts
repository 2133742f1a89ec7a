import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import yargs from 'yargs';
import { parseCount } from '../src/commands/generate.ts';
import { compileKernel } from '../src/kernel/kernel.ts';
import { availableCores } from '../src/resources.ts';
import { formatTable } from '../src/terminal/table.ts';
import { benchKernel } from './kernel.ts';
import { benchWholeRun, type Contender } from './whole-run.ts';

// This file runs as bench/.build/bench/index.js.
const root = fileURLToPath(new URL('../../..', import.meta.url));

const args = await yargs(process.argv.slice(2))
  .scriptName('npm run bench --')
  .options({
    events: { type: 'string', default: '1M,10M', describe: 'Sizes of the whole run' },
    rounds: { type: 'number', default: 3, describe: 'Runs of each contender' },
    folder: { type: 'string', default: join(tmpdir(), 'playfold-bench'), describe: 'Where lakes are kept' },
    'text-keys': { type: 'boolean', default: false, describe: 'Also run the SQL over text keys' },
    variants: { type: 'boolean', default: false, describe: 'Also one thread, 512MB and --no-unique-seconds' },
    json: { type: 'boolean', default: false, describe: 'Print one JSON object' },
  })
  .strict()
  .parseAsync();

const VARIANTS = {
  'one thread': ['--threads', '1'],
  '--memory 512MB': ['--memory', '512MB'],
  '--no-unique-seconds': ['--no-unique-seconds'],
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const fixed = (value: number): string => value.toFixed(2);

/** A table of contenders; ratios are medians of the ratios round by round. */
function contenderTable(contenders: readonly Contender[]): string[] {
  const playfold = contenders.find(({ name }) => name === 'playfold')!;
  const rows = contenders.map(({ name, seconds, peakBytes }) => [
    name,
    fixed(median(seconds)),
    `${fixed(Math.min(...seconds))}-${fixed(Math.max(...seconds))}`,
    fixed(median(seconds.map((value, round) => value / playfold.seconds[round]!))),
    (peakBytes / 1e6).toFixed(0),
  ]);
  return formatTable(['contender', 'seconds', 'spread', 'x playfold', 'peak MB'], rows, '  ');
}

function stageLines({ summary }: Contender, floorSeconds: number): string[] {
  const rows = summary!.stages.map(({ stage, seconds, rows: done, rowsPerSecond }) => [
    stage,
    fixed(seconds),
    String(done),
    String(rowsPerSecond),
    fixed(seconds / floorSeconds),
  ]);
  return formatTable(['stage', 'seconds', 'rows', 'rows/s', 'x floor'], rows, '  ');
}

const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableCores(), node: process.version };
const kernel = await benchKernel(compileKernel(join(root, 'dist', 'kernel.wasm')));
const runs: { eventCount: number; contenders: Contender[] }[] = [];
for (const text of args.events.split(',')) {
  const contenders = await benchWholeRun({
    eventCount: parseCount('events', text),
    rounds: args.rounds,
    threads: availableCores(),
    folder: args.folder,
    benchFolder: join(root, 'bench'),
    cli: join(root, 'dist', 'cli.js'),
    rivals: ['floor', 'hashed-keys', ...(args.textKeys ? ['text-keys' as const] : [])],
    variants: args.variants ? VARIANTS : {},
  });
  runs.push({ eventCount: parseCount('events', text), contenders });
}

if (args.json) {
  process.stdout.write(`${JSON.stringify({ machine, kernel, runs })}\n`);
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
  for (const { eventCount, contenders } of runs) {
    const floor = contenders.find(({ name }) => name === 'floor')!;
    const playfold = contenders.find(({ name }) => name === 'playfold')!;
    const overFloor = median(playfold.seconds.map((value, round) => value / floor.seconds[round]!));
    lines.push('', `Whole run, ${eventCount} events, ${args.rounds} rounds: ${fixed(overFloor)} x the floor`);
    lines.push(...contenderTable(contenders), ...stageLines(playfold, median(floor.seconds)));
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
