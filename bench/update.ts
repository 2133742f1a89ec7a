import { execFileSync } from 'node:child_process';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Database, quotePath, quoteText } from '../src/duckdb.ts';
import type { RunSummary } from '../src/summary.ts';
import { type Measured, measure } from './child.ts';
import { type LakeDays, prepareLake } from './whole-run.ts';

export interface UpdateBenchOptions {
  readonly eventCount: number;
  readonly rounds: number;
  readonly folder: string;
  readonly cli: string;
}

/** Updates with one share of a lake's events, round by round. */
export interface UpdateBench {
  /** What the lake is like. */
  readonly lake: string;
  readonly share: number;
  readonly runSeconds: readonly number[];
  readonly updateSeconds: readonly number[];
  /** The call before, which folds the rest and keeps state. */
  readonly firstSeconds: number;
  readonly peakBytes: number;
  readonly update: RunSummary['update'];
}

/**
 * In the first, users come and go as they do, and files of days whose users are gone stay as they are. In the second
 * each of them may return to whatever he watched on any day, at random, so that every file changes: the worst case.
 */
const LAKES: Readonly<Record<string, LakeDays>> = {
  'each user active for 14 of 100 days': { dayCount: 100, activeDays: 14 },
  'all users back at random for 10 days': {},
};
const SHARES = [0.001, 0.01, 0.1];

type Summary = RunSummary & { readonly peakBytes: number };

/**
 * Times `update` with the latest events of a lake, in a file of their own, beside `run` over all of them. Throws
 * where their content hashes differ.
 */
export async function benchUpdates(options: UpdateBenchOptions): Promise<UpdateBench[]> {
  const benches: UpdateBench[] = [];
  for (const [name, days] of Object.entries(LAKES)) benches.push(...(await benchLake(options, name, days)));
  return benches;
}

async function benchLake(options: UpdateBenchOptions, name: string, days: LakeDays): Promise<UpdateBench[]> {
  const lake = await prepareLake(options.folder, options.eventCount, days);
  const events = join(lake, 'events');
  const call = (command: string, inputs: string, out: string, ...more: readonly string[]) =>
    measure<Summary>([
      ...[options.cli, command, inputs, '--videos', join(lake, 'videos.parquet'), '--out', out],
      ...['--json', '--quiet', '--force', ...more],
    ]);
  const out = join(options.folder, 'out', 'updates');
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const benches: UpdateBench[] = [];
  for (const share of SHARES) {
    const { cut, path } = await cutLatest(events, share, out);
    const first = await call('update', events, join(out, 'first'), '--until', cut);
    const before = await realpath(join(out, 'first'));
    const runs: Measured<Summary>[] = [];
    const updates: Measured<Summary>[] = [];
    for (let round = 0; round < options.rounds; round++) {
      runs.push(await call('run', events, join(out, 'run')));
      const work = join(out, `work-${round}`);
      // Links, for a copy's unwritten pages would be flushed with the update's. Published files never change.
      execFileSync('cp', ['-al', before, work]);
      updates.push(await call('update', path, work));
      process.stderr.write(
        `  ${share}: run ${runs.at(-1)!.wallSeconds.toFixed(2)} s, update ${updates.at(-1)!.wallSeconds.toFixed(2)} s\n`,
      );
      const [run, update] = [runs.at(-1)!.output, updates.at(-1)!.output];
      if (run.contentHash !== update.contentHash)
        throw new Error(
          `an update with ${share} of the events gives ${update.contentHash}, a run ${run.contentHash}`,
        );
    }
    benches.push({
      lake: name,
      share,
      runSeconds: runs.map(({ wallSeconds }) => wallSeconds),
      updateSeconds: updates.map(({ wallSeconds }) => wallSeconds),
      firstSeconds: first.wallSeconds,
      peakBytes: Math.max(...updates.map(({ output }) => output.peakRssBytes)),
      update: updates[0]?.output.update,
    });
    await rm(out, { recursive: true, force: true });
    await mkdir(out, { recursive: true });
  }
  return benches;
}

/** Writes the latest share of the events to a file of their own. Returns where it begins in time, and the file. */
async function cutLatest(events: string, share: number, folder: string) {
  const database = await Database.open({ threads: 2, memoryBytes: 4e9, tempFolder: `${folder}.temporary` });
  const path = join(folder, 'latest.parquet');
  const source = `read_parquet(${quotePath(events, '/*.parquet')})`;
  try {
    const [row] = await database.rows<{ ms: number }>(
      `SELECT epoch_ms(approx_quantile("timestamp", ${1 - share}))::DOUBLE AS ms FROM ${source}`,
    );
    const cut = new Date(row?.ms ?? 0).toISOString();
    await database.run(
      `COPY (SELECT * FROM ${source} WHERE "timestamp" >= ${quoteText(cut)}::TIMESTAMPTZ ORDER BY "timestamp")
       TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    return { cut, path };
  } finally {
    database.close();
    await rm(`${folder}.temporary`, { recursive: true, force: true });
  }
}
