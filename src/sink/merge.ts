import { join } from 'node:path';
import type { Database } from '../duckdb.ts';
import type { FoldResult, PartitionFold } from '../fold/fold.ts';
import type { VideoArrays } from '../kernel/video-buckets.ts';
import { throwIfStopped } from '../progress-counters.ts';
import type { ScanAccount } from '../row-account.ts';
import type { RunInputs } from '../run-inputs.ts';
import type { ResolvedOptions } from '../run-options.ts';
import type { ScanTotals } from '../source/scan.ts';
import type { Stopwatch } from '../stopwatch.ts';
import type { RowAccount, RunSummary } from '../summary.ts';
import type { ExpectedTotals } from './checks.ts';
import { encodeVideos } from './dictionaries.ts';
import { engagementSql } from './engagement-sql.ts';
import { finishResult } from './finish.ts';
import { registerFoldedTable } from './folded-table.ts';
import {
  createDurations,
  createEstimates,
  createKeyTables,
  PARTITION_KEYS,
  readUnknownNames,
} from './keys.ts';
import { partitionColumn } from './partitions.ts';
import type { Staging } from './publish.ts';
import { TableWriter } from './tables/table-writer.ts';
import { userRanges } from './user-ranges.ts';
import { ENGAGEMENT, writePartitioned } from './write.ts';

/** What the stages before leave to the merge. */
export interface MergeInput {
  readonly database: Database;
  readonly options: ResolvedOptions;
  readonly staging: Staging;
  readonly inputs: RunInputs;
  readonly scans: readonly ScanTotals[];
  readonly folds: readonly PartitionFold[];
  /** Of the run: a power of two. */
  readonly partitionCount: number;
  readonly account: ScanAccount;
  readonly stopwatch: Stopwatch;
  /** Threads that did the work. */
  readonly workers: number;
  /** Those that the folds were given: see FoldSettings. */
  readonly videos: VideoArrays | null;
}

/** Joins, writes, checks and publishes. Nothing is published unless every check holds. */
export async function mergeResult(input: MergeInput): Promise<RunSummary> {
  const { staging, stopwatch } = input;
  const expected = totalsOf(input.folds);

  stopwatch.begin('merge', expected.rowCount);
  const { unknownEventNames, pairSum } = await prepareTables(input, expected.rowCount);
  throwIfStopped(stopwatch.counters);
  await writeEngagement(input, expected.rowCount);
  throwIfStopped(stopwatch.counters);
  const tables = new TableWriter({ ...input, folder: staging.folder, counters: stopwatch.counters });
  await tables.write();

  await staging.stampNames();
  return finishResult({
    ...input,
    expected: { ...expected, pairSum },
    reviewTables: (sums) => tables.review(sums),
    events: toRowAccount(input.account, expected, unknownEventNames),
    spilledBytes: [...input.scans, ...input.folds].reduce((sum, part) => sum + part.spilledBytes, 0),
  });
}

function totalsOf(folds: readonly FoldResult[]): Omit<ExpectedTotals, 'pairSum'> {
  const sum = (pick: (fold: FoldResult) => number): number =>
    folds.reduce((total, fold) => total + pick(fold), 0);
  return {
    rowCount: sum((fold) => fold.rowCount),
    eventCount: sum((fold) => fold.eventCount),
    duplicateCount: sum((fold) => fold.duplicateCount),
  };
}

/** Makes the tables that the result joins. Counts unknown event names by name and adds up the pairs. */
async function prepareTables(
  input: MergeInput,
  rowCount: number,
): Promise<{ unknownEventNames: Record<string, number>; pairSum: string }> {
  const { database, options, scans, folds, account } = input;
  const places = folds.flatMap((fold) => fold.places);
  const textPaths = scans.map((scan) => scan.textsPath);
  registerFoldedTable(database, places, rowCount, options.threads);
  await createKeyTables(database, textPaths, options.idHashBits);
  const partition = partitionColumn(options.partitionBy);
  const pairSum = await createEstimates(database, partition?.key ?? null);
  await createDurations(database);
  await encodeVideos(database, rowCount, PARTITION_KEYS);
  const names = account.unknownNames.size === 0 ? new Map() : await readUnknownNames(database, textPaths);
  return { unknownEventNames: countNames(account, names), pairSum };
}

/** Joins the folded rows with ids, titles and durations, and writes each range of them to files of its own. */
async function writeEngagement(
  { database, options, staging, folds, partitionCount }: MergeInput,
  rowCount: number,
): Promise<void> {
  const { config, uniqueSeconds } = options;
  for await (const range of userRanges(database, folds, { ...options, partitionCount }))
    await writePartitioned(database, join(staging.folder, ENGAGEMENT), {
      ...options,
      ...range,
      rowCount,
      sql: (parts) => engagementSql(config, uniqueSeconds, { ...parts, ...range }),
    });
}

/** Beyond the names that the kernel has room for, rows are counted together. */
export function countNames(account: ScanAccount, names: ReadonlyMap<bigint, string>): Record<string, number> {
  const counts = [...account.unknownNames].map(
    ([hash, count]) => [names.get(hash) ?? '(other)', count] as const,
  );
  const named = counts.reduce((sum, [, count]) => sum + count, 0);
  const others = (account.invalidByReason.unknown_event ?? 0) - named;
  if (others > 0) counts.push(['(other)', others]);
  return Object.fromEntries(counts.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)));
}

function toRowAccount(
  { read, kept, invalid, invalidByReason }: ScanAccount,
  { eventCount, duplicateCount }: Pick<ExpectedTotals, 'eventCount' | 'duplicateCount'>,
  unknownEventNames: Record<string, number>,
): RowAccount {
  if (kept !== eventCount + duplicateCount)
    throw new Error(
      `${kept} rows were kept, but ${eventCount} folded and ${duplicateCount} dropped as duplicates`,
    );
  return {
    read,
    kept,
    invalid,
    invalidByReason,
    unknownEventNames,
    folded: eventCount,
    duplicates: duplicateCount,
  };
}
