import type { Database } from '../duckdb.ts';
import type { FoldResult } from '../fold/fold.ts';
import { applyGates } from '../gates/judge.ts';
import { throwIfStopped } from '../progress-counters.ts';
import type { ScanAccount } from '../row-account.ts';
import { assertUnchanged, type RunInputs } from '../run-inputs.ts';
import type { ResolvedOptions } from '../run-options.ts';
import type { ScanResult } from '../source/scan.ts';
import type { Stopwatch } from '../stopwatch.ts';
import type { RowAccount, RunSummary } from '../summary.ts';
import { VERSION } from '../version.ts';
import type { Check, ExpectedTotals } from './checks.ts';
import { registerFoldedTable } from './folded-table.ts';
import { createDurations, createEstimates, createKeyTables, readUnknownNames } from './keys.ts';
import {
  countRows,
  digestFiles,
  type ManifestFile,
  readManifest,
  traceparentOf,
  writeManifest,
} from './manifest.ts';
import type { Staging } from './publish.ts';
import { reviewRows } from './statistics.ts';
import { TableWriter } from './tables/table-writer.ts';
import { ENGAGEMENT, listFiles, tableSource, writeEngagement } from './write.ts';

/** What the stages before leave to the merge. */
export interface MergeInput {
  readonly database: Database;
  readonly options: ResolvedOptions;
  readonly staging: Staging;
  readonly inputs: RunInputs;
  readonly scans: readonly ScanResult[];
  readonly folds: readonly FoldResult[];
  readonly account: ScanAccount;
  readonly stopwatch: Stopwatch;
  /** Threads that did the work. */
  readonly workers: number;
}

/** Joins, writes, checks and publishes. Nothing is published unless every check holds. */
export async function mergeResult(input: MergeInput): Promise<RunSummary> {
  const { database, options, staging, stopwatch } = input;
  const expected = totalsOf(input.folds);

  stopwatch.begin('merge', expected.rowCount);
  const { unknownEventNames, pairSum } = await prepareTables(input, expected.rowCount);
  throwIfStopped(stopwatch.counters);
  await writeEngagement(database, staging.folder, expected.rowCount, options);
  throwIfStopped(stopwatch.counters);
  const tables = new TableWriter({ ...input, folder: staging.folder });
  await tables.write(() => throwIfStopped(stopwatch.counters));

  await staging.stampNames();
  stopwatch.begin('check', expected.rowCount);
  const written = await listFiles(staging.folder);
  const source = tableSource(staging.folder, ENGAGEMENT);
  const rowCounts = await countRows(database, staging.folder, written);
  // Hashing files keeps one core busy, and reading rows back leaves it idle at times.
  const [{ statistics, contentHash, ...review }, digests] = await Promise.all([
    reviewRows(database, source, { ...expected, pairSum }, options),
    digestFiles(staging.folder, written, { flush: true, signal: options.signal }),
  ]);
  const reviews = await tables.review();
  const checks = [...review.checks, ...reviews.flatMap((table) => table.checks)];
  const violated = checks.find((check) => check.violations !== 0);
  if (violated !== undefined) throw new Error(describeViolation(violated));
  const files = written.map(
    ({ path, byteLength }, i): ManifestFile => ({
      path,
      rows: rowCounts[i]!,
      bytes: byteLength,
      sha256: digests[i]!,
    }),
  );

  stopwatch.end();
  const ungated: RunSummary = {
    out: options.out,
    events: toRowAccount(input.account, expected, unknownEventNames),
    result: statistics,
    checks,
    gates: [],
    contentHash,
    tables: [
      { name: ENGAGEMENT, rows: expected.rowCount, contentHash },
      ...reviews.map(({ summary: table }) => table),
    ],
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    spilledBytes: [...input.scans, ...input.folds].reduce((sum, part) => sum + part.spilledBytes, 0),
    threads: input.workers,
    memoryBytes: options.memoryBytes,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    seconds: stopwatch.seconds,
    stages: stopwatch.stages,
    unchanged: false,
  };
  const { inputs } = input;
  const summary = applyGates(options.gates, ungated, await previousSummary(input));
  await writeManifest(staging.folder, {
    version: VERSION,
    state: 'complete',
    id: staging.id,
    replaces: staging.replaces,
    runKey: inputs.runKey,
    traceparent: traceparentOf(process.env),
    finishedAt: new Date().toISOString(),
    inputs: options.inputs,
    videos: options.videos,
    inputFiles: inputs.versions,
    videosFile: inputs.videosVersion,
    uniqueSeconds: options.uniqueSeconds,
    partitionBy: options.partitionBy,
    config: options.config,
    summary,
    files,
  });
  await assertUnchanged([
    ...inputs.versions,
    ...(inputs.videosVersion === null ? [] : [inputs.videosVersion]),
  ]);
  await staging.publish(() => throwIfStopped(stopwatch.counters));
  return summary;
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
  const pairSum = await createEstimates(database);
  await createDurations(database);
  const names = account.unknownNames.size === 0 ? new Map() : await readUnknownNames(database, textPaths);
  return { unknownEventNames: countNames(account, names), pairSum };
}

/** Beyond the names that the kernel has room for, rows are counted together. */
function countNames(account: ScanAccount, names: ReadonlyMap<bigint, string>): Record<string, number> {
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

function describeViolation({ name, violations }: Check): string {
  return `the written result breaks a rule: ${name} (${violations} violations); nothing was published`;
}

/** Of the result that this one replaces. What stands there is looked at only where a gate compares with it. */
async function previousSummary({ options, staging }: MergeInput): Promise<RunSummary | null> {
  if (staging.published === null || options.gates.every(({ limit }) => limit.kind !== 'previous'))
    return null;
  return (await readManifest(staging.published))?.summary ?? null;
}
