import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from '../src/duckdb.ts';
import { generateLake, type LakeOptions } from '../src/generate/lake.ts';
import type { RunSummary } from '../src/summary.ts';
import { type Measured, measure, measureRival } from './child.ts';
import { type Figures, type RivalName, readFigures } from './rivals.ts';

export interface WholeRunOptions {
  readonly eventCount: number;
  readonly rounds: number;
  /** Of the rivals, but for the floor, which takes part in every round. */
  readonly rivalRounds: number;
  readonly threads: number;
  /** Where lakes are kept between benches, and results are written. */
  readonly folder: string;
  readonly benchFolder: string;
  readonly cli: string;
  readonly rivals: readonly RivalName[];
  /** Other ways to call playfold, by name: their arguments. */
  readonly variants: Readonly<Record<string, readonly string[]>>;
}

/** What one contender came to in all rounds. */
export interface Contender {
  readonly name: string;
  readonly seconds: readonly number[];
  readonly peakBytes: number;
  readonly summary: RunSummary | null;
}

/** Generates the lake unless an earlier bench left it. */
export async function prepareLake(folder: string, eventCount: number, days: LakeDays = {}): Promise<string> {
  const { dayCount, activeDays } = days;
  const suffix = dayCount === undefined ? '' : `-${activeDays}-of-${dayCount}-days`;
  const lake = join(folder, `lake-${eventCount}${suffix}`);
  if (existsSync(join(lake, 'complete', 'events'))) return join(lake, 'complete');
  process.stderr.write(`Generating ${eventCount} events\n`);
  const userCount = Math.max(10, Math.round(eventCount / 110));
  const outDir = join(lake, 'complete');
  await generateLake({ eventCount, userCount, videoCount: 2000, seed: 1, outDir, dayCount, activeDays });
  return outDir;
}

/** How many days a lake has, and for how many each user watches, where they are not the usual. */
export type LakeDays = Pick<LakeOptions, 'dayCount' | 'activeDays'>;

/** Bytes of the lake's event files. */
export function lakeBytes(folder: string, eventCount: number): number {
  const events = join(folder, `lake-${eventCount}`, 'complete', 'events');
  return readdirSync(events).reduce((sum, name) => sum + statSync(join(events, name)).size, 0);
}

/**
 * Runs playfold, its variants and the rivals in turn, round by round, so that a drift of the machine meets all of
 * them. Throws where the figures of two of them differ.
 */
export async function benchWholeRun(options: WholeRunOptions): Promise<Contender[]> {
  const lake = await prepareLake(options.folder, options.eventCount);
  const contenders = new Map<string, Measured<{ readonly peakBytes: number }>[]>();
  const summaries = new Map<string, RunSummary>();
  const figures = new Map<string, Figures>();
  const add = (name: string, measured: Measured<{ readonly peakBytes: number }>): void => {
    contenders.set(name, [...(contenders.get(name) ?? []), measured]);
    process.stderr.write(`  ${name}: ${measured.wallSeconds.toFixed(2)} s\n`);
  };
  for (let round = 0; round < options.rounds; round++) {
    for (const [name, args] of Object.entries({ playfold: [], ...options.variants })) {
      const out = join(options.folder, 'out', 'playfold');
      const run = [
        'run',
        join(lake, 'events'),
        '--videos',
        join(lake, 'videos.parquet'),
        '--out',
        out,
        '--force',
        '--json',
        '--quiet',
      ];
      const measured = await measure<RunSummary & { readonly peakBytes: number }>([
        options.cli,
        ...run,
        ...args,
      ]);
      add(name, { ...measured, peakBytes: measured.output.peakRssBytes });
      summaries.set(name, measured.output);
      if (name === 'playfold' && !figures.has(name)) figures.set(name, await figuresOf(out));
    }
    for (const name of options.rivals) {
      if (name !== 'floor' && round >= options.rivalRounds) continue;
      const out = join(options.folder, 'out', name);
      const measured = await measureRival(name, lake, out, options.threads, options.benchFolder);
      add(name, measured);
      if (measured.output.figures !== null) figures.set(name, measured.output.figures);
    }
  }
  compareFigures(figures);
  return [...contenders].map(([name, all]) => ({
    name,
    seconds: all.map(({ wallSeconds }) => wallSeconds),
    peakBytes: Math.max(...all.map(({ peakBytes }) => peakBytes)),
    summary: summaries.get(name) ?? null,
  }));
}

async function figuresOf(out: string): Promise<Figures> {
  const database = await Database.open({ threads: 1, memoryBytes: 1e9, tempFolder: `${out}.temporary` });
  try {
    return await readFigures(database, join(out, 'engagement'));
  } finally {
    database.close();
  }
}

function compareFigures(figures: ReadonlyMap<string, Figures>): void {
  const expected = JSON.stringify(figures.get('playfold'));
  for (const [name, found] of figures) {
    if (JSON.stringify(found) !== expected)
      throw new Error(`${name} disagrees with playfold: ${JSON.stringify(found)} against ${expected}`);
  }
}
