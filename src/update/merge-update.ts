import { join } from 'node:path';
import type { FoldResult } from '../fold/fold.ts';
import { throwIfStopped } from '../progress-counters.ts';
import { finishResult } from '../sink/finish.ts';
import { readUnknownNames } from '../sink/keys.ts';
import { digestFiles } from '../sink/manifest.ts';
import { countNames } from '../sink/merge.ts';
import { tablesOf } from '../sink/tables/index.ts';
import { TableWriter } from '../sink/tables/table-writer.ts';
import { parquetFiles } from '../sink/write.ts';
import type { RunSummary } from '../summary.ts';
import { VERSION } from '../version.ts';
import { writeChangedResult } from './changed-result.ts';
import { type ChangedRows, createChangedRows } from './changed-rows.ts';
import { LATE_FOLDER } from './fold-history.ts';
import { type FoldedUpdate, textPathsOf } from './folded-update.ts';
import { LATE_TABLE, writeLateRows } from './late.ts';
import { linkFile, type ResultFiles, type WrittenResult } from './result-places.ts';
import { PERCENTAGES, VIDEO_PARTS, writeRunningSums } from './running-sums.ts';
import { rowPathsOf, STATE_FOLDER, STATE_FORMAT, settingsOf, writeState } from './state.ts';
import {
  countClosed,
  earlierPaths,
  isRefolded,
  openPairsBefore,
  writeOpenPairs,
  writeStateRows,
} from './state-files.ts';
import { CHANGED_VIDEOS, writeStateUsers, writeStateVideos } from './state-ids.ts';
import { expectTotals, readResult, toRowAccount } from './update-totals.ts';
import { writeWholeResult } from './whole-result.ts';

/** Adds what was folded to the state, writes the rows of the result that change, checks and publishes both. */
export async function mergeUpdate(update: FoldedUpdate): Promise<RunSummary> {
  const { job, options, staging } = update;
  const { database, stopwatch } = job;
  const sum = (parts: readonly FoldResult[]): number => parts.reduce((rows, part) => rows + part.rowCount, 0);
  stopwatch.begin('merge', sum(update.folded.closed) + sum(update.folded.open));
  const rows = await writeStateRows(update);
  const openPairs = await writeOpenPairs(update);
  const closed = await countClosed(update, rows);
  throwIfStopped(stopwatch.counters);
  const videos = await writeStateVideos(update, rows);
  const changes = await createChanges(update, videos.isChanged);
  const users = await writeStateUsers(update, rows);
  throwIfStopped(stopwatch.counters);
  const result = await writeResult(update, changes);
  await database.lockConfiguration();
  const digests = digestEarly(update, result.written);
  throwIfStopped(stopwatch.counters);
  const runningSums = await writeRunningSums(update, result, changes);
  const tables = new TableWriter({
    ...{ database, options, folds: [], folder: staging.folder },
    counters: stopwatch.counters,
    videoParts: runningSums.videoSums === null ? null : VIDEO_PARTS,
  });
  await tables.write();
  for (const { name } of tablesOf(options.tables)) await staging.stampNames(join(staging.folder, name));
  const kept = await keepLateRows(update);

  stopwatch.begin('check', changes?.changed.rows ?? 0);
  const totals = await expectTotals(update, closed, changes);
  const read = await readResult(update, result);
  await writeState(staging.folder, {
    format: STATE_FORMAT,
    version: VERSION,
    settings: settingsOf(options),
    partitionBits: update.partitionBits,
    dialects: update.dialects,
    watermarkUs: update.watermarkUs,
    horizonUs: update.horizonUs,
    inputs: update.selection.seen,
    rows,
    closed,
    users,
    videos: videos.file,
    openPairs,
    open: update.open,
    carries: update.carries.files,
    dayFilesFromUs: update.dayFilesFromUs,
    places: result.places,
    sums: read.sums,
    ...runningSums,
    totals,
  });
  return finishResult({
    ...update,
    database,
    stopwatch,
    expected: totals,
    rows: { ...read.rows, users: users.count },
    percentages: PERCENTAGES,
    events: toRowAccount(update, totals, await countUnknown(update)),
    spilledBytes: [...update.scans, ...update.folded.closed, ...update.folded.open].reduce(
      (bytes, part) => bytes + part.spilledBytes,
      0,
    ),
    reviewTables: (sums) => tables.review(sums),
    digests,
    linked: linkedFiles(
      update,
      [...rows.whole, ...rows.added, ...users.files],
      [...result.linked, ...kept, ...update.carries.linked],
    ),
    update: describe(update, result, changes?.changed.rows ?? totals.rowCount),
  });
}

/** Hashes and flushes files that are whole while others are still made: the last step then waits for little. */
function digestEarly(
  { staging, options }: FoldedUpdate,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const files = paths.map((path) => ({ path }));
  const digests = digestFiles(staging.folder, files, { flush: true, signal: options.signal });
  const byPath = digests.then((all) => new Map(paths.map((path, i) => [path, all[i]!])));
  // Whatever fails before they are asked for is told instead.
  byPath.catch(() => undefined);
  return byPath;
}

async function createChanges(update: FoldedUpdate, isVideosChanged: boolean): Promise<ChangedRows | null> {
  const { job, options, staging, state, dayFilesFromUs } = update;
  if (state === null) return null;
  const before = {
    rowPaths: rowPathsOf(staging.published!, state),
    users: parquetFiles(earlierPaths(update, state.users.files)),
    openPairs: openPairsBefore(update, state),
  };
  return createChangedRows(job.database, before, {
    ...options,
    dayFilesFromUs,
    refolded: isRefolded(update) ? LATE_TABLE : null,
    changedVideos: isVideosChanged ? CHANGED_VIDEOS : null,
  });
}

async function writeResult(
  { job, options, staging, state, dayFilesFromUs }: FoldedUpdate,
  changes: ChangedRows | null,
): Promise<WrittenResult> {
  const files: ResultFiles = {
    database: job.database,
    options,
    dayFilesFromUs,
    folder: staging.folder,
    stamp: staging.id.slice(-8),
    published: staging.published,
    // A result without rows is a file to be left behind.
    places: state === null || state.totals.rowCount === 0 ? {} : state.places,
  };
  if (changes === null) return writeWholeResult(files);
  return writeChangedResult(files, changes);
}

/** Sets late events aside where the options say so, and links those set aside before. Returns the links. */
async function keepLateRows(update: FoldedUpdate): Promise<string[]> {
  const { job, options, staging, published, state, folded } = update;
  const kept = (published?.files ?? []).filter(
    ({ path }) => state !== null && path.startsWith(`${LATE_FOLDER}/`),
  );
  for (const { path } of kept) await linkFile(join(staging.published!, path), join(staging.folder, path));
  if (folded.late.events > 0 && options.late === 'quarantine')
    await writeLateRows(
      job.database,
      update.slices,
      state!.horizonUs,
      options.idHashBits,
      staging.folder,
      `${LATE_FOLDER}/late-${staging.id}.parquet`,
      staging.tempFolder,
    );
  return kept.map(({ path }) => path);
}

async function countUnknown(update: FoldedUpdate): Promise<Record<string, number>> {
  const { job, account } = update;
  const isNone = account.unknownNames.size === 0;
  return countNames(account, isNone ? new Map() : await readUnknownNames(job.database, textPathsOf(update)));
}

/** What the manifest says of files that are links: those of the state that this update did not write, and `paths`. */
function linkedFiles(
  { published, staging }: FoldedUpdate,
  ofState: readonly string[],
  paths: readonly string[],
) {
  const old = ofState.filter((file) => !file.includes(staging.id)).map((file) => `${STATE_FOLDER}/${file}`);
  const linked = new Set([...old, ...paths]);
  const files = (published?.files ?? []).filter(({ path }) => linked.has(path));
  return new Map(files.map((file) => [file.path, file]));
}

function describe(
  { options, state, selection, watermarkUs, folded }: FoldedUpdate,
  { written, linked }: WrittenResult,
  rowsChanged: number,
): RunSummary['update'] {
  const { reads, skipped, changed } = selection;
  return {
    isFirst: state === null,
    inputs: { read: reads.length, skipped, changed: changed.length },
    watermark: watermarkUs === null ? null : new Date(Number(watermarkUs / 1000n)).toISOString(),
    late: { mode: options.late, ...folded.late },
    rowsChanged,
    filesWritten: written.length,
    filesLinked: linked.length,
  };
}
