import type { Database } from '../duckdb.ts';
import { applyGates } from '../gates/judge.ts';
import { throwIfStopped } from '../progress-counters.ts';
import { assertUnchanged, type RunInputs } from '../run-inputs.ts';
import type { ResolvedOptions } from '../run-options.ts';
import type { Stopwatch } from '../stopwatch.ts';
import type { RowAccount, RunSummary } from '../summary.ts';
import { VERSION } from '../version.ts';
import type { Check, ExpectedTotals } from './checks.ts';
import { refuseCollisions } from './keys.ts';
import {
  countRows,
  digestFiles,
  type ManifestFile,
  readManifest,
  traceparentOf,
  writeManifest,
} from './manifest.ts';
import type { Staging } from './publish.ts';
import { type ReadRows, type RowSums, readRows } from './row-sums.ts';
import { type Review, reviewRows } from './statistics.ts';
import type { TableReview } from './tables/table-writer.ts';
import { ENGAGEMENT, listFiles, parquetFiles, tablePaths, tableSource, type WrittenFile } from './write.ts';

/** A staged result, and what is known of it. */
export interface StagedResult {
  readonly database: Database;
  readonly options: ResolvedOptions;
  readonly staging: Staging;
  readonly inputs: RunInputs;
  readonly stopwatch: Stopwatch;
  /** Threads that did the work. */
  readonly workers: number;
  readonly expected: ExpectedTotals;
  readonly events: RowAccount;
  readonly spilledBytes: number;
  /** Files that are links to those of the version before, by path: they keep their rows and digests. */
  readonly linked?: ReadonlyMap<string, ManifestFile>;
  /** Digests of flushed files by path, of which it is known early that they stay as they are. */
  readonly digests?: Promise<ReadonlyMap<string, string>>;
  /** The rows of engagement, where not all of them are to be read back: those of linked files were by their writer. */
  readonly rows?: ReadRows;
  /** See ReviewedTables. */
  readonly percentages?: string;
  /** Reads back the tables beside engagement, if there are any, whose rows add up to `sums`. */
  readonly reviewTables?: (sums: RowSums) => Promise<TableReview[]>;
  readonly update?: RunSummary['update'];
}

/** Checks what was staged, writes the manifest and publishes. Nothing is published unless every check holds. */
export async function finishResult(result: StagedResult): Promise<RunSummary> {
  const { database, options, staging, inputs, stopwatch, expected } = result;
  stopwatch.begin('check', expected.rowCount);
  const listed = await listFiles(staging.folder);
  const { linked = new Map<string, ManifestFile>() } = result;
  const written = listed.filter(({ path }) => !linked.has(path));
  const rowCounts = await countRows(database, staging.folder, written);
  // Hashing files keeps one core busy, and reading rows back leaves it idle at times.
  const [{ rows, reviews }, files] = await Promise.all([
    review(result),
    describeFiles(result, written, rowCounts),
  ]);
  const { statistics, contentHash } = rows;
  const checks = [...rows.checks, ...reviews.flatMap((table) => table.checks)];
  const violated = checks.find((check) => check.violations !== 0);
  if (violated !== undefined) {
    await refuseCollisions(database);
    throw new Error(describeViolation(violated));
  }

  stopwatch.end();
  const ungated: RunSummary = {
    out: options.out,
    events: result.events,
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
    spilledBytes: result.spilledBytes,
    threads: result.workers,
    memoryBytes: options.memoryBytes,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    seconds: stopwatch.seconds,
    stages: stopwatch.stages,
    unchanged: false,
    ...(result.update === undefined ? {} : { update: result.update }),
  };
  const summary = applyGates(options.gates, ungated, await previousSummary(result));
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

/** Reads back what was written: engagement, where its rows are not known, then the tables beside it. */
async function review(result: StagedResult): Promise<{ rows: Review; reviews: readonly TableReview[] }> {
  const { database, options, staging, percentages = null, expected } = result;
  const paths = tablePaths(staging.folder, ENGAGEMENT);
  const read = result.rows ?? (await readRows(database, paths, options));
  const videos = options.tables.includes('videos') ? tableSource(staging.folder, 'videos') : null;
  const tables = { engagement: parquetFiles(paths), videos, percentages };
  const rows = await reviewRows(database, tables, read, expected);
  return { rows, reviews: (await result.reviewTables?.(read.sums)) ?? [] };
}

/** What the manifest says of all files: of those that are links, what it said before. */
async function describeFiles(
  { options, staging, linked = new Map(), digests }: StagedResult,
  written: readonly WrittenFile[],
  rowCounts: readonly (number | null)[],
): Promise<ManifestFile[]> {
  const early = (await digests) ?? new Map<string, string>();
  const others = written.filter(({ path }) => !early.has(path));
  const late = await digestFiles(staging.folder, others, { flush: true, signal: options.signal });
  const digestOf = new Map([...early, ...others.map(({ path }, i) => [path, late[i]!] as const)]);
  const files = written.map(({ path, byteLength }, i) => {
    return { path, rows: rowCounts[i]!, bytes: byteLength, sha256: digestOf.get(path)! };
  });
  return [...files, ...linked.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function describeViolation({ name, violations }: Check): string {
  return `the written result breaks a rule: ${name} (${violations} violations); nothing was published`;
}

/** Of the result that this one replaces. What stands there is looked at only where a gate compares with it. */
async function previousSummary({ options, staging }: StagedResult): Promise<RunSummary | null> {
  if (staging.published === null || options.gates.every(({ limit }) => limit.kind !== 'previous'))
    return null;
  return (await readManifest(staging.published))?.summary ?? null;
}
