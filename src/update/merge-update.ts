import { join } from 'node:path';
import { quotePath, quoteText } from '../duckdb.ts';
import type { FoldResult } from '../fold/fold.ts';
import { throwIfStopped } from '../progress-counters.ts';
import { type ExpectedTotals, pairSumSql } from '../sink/checks.ts';
import { finishResult } from '../sink/finish.ts';
import { FOLDED_TABLE } from '../sink/folded-table.ts';
import { createDurations, createEstimates, createKeyTables, readUnknownNames } from '../sink/keys.ts';
import { countNames } from '../sink/merge.ts';
import { tablesOf } from '../sink/tables/index.ts';
import { TableWriter } from '../sink/tables/table-writer.ts';
import type { RowAccount, RunSummary } from '../summary.ts';
import { VERSION } from '../version.ts';
import { LATE_FOLDER } from './fold-history.ts';
import { type FoldedUpdate, textPathsOf } from './folded-update.ts';
import type { Job } from './job.ts';
import { writeLateRows } from './late.ts';
import {
  linkFile,
  type ResultFiles,
  updateResult,
  type WrittenResult,
  writeWholeResult,
} from './result-files.ts';
import { STATE_FOLDER, STATE_FORMAT, settingsOf, writeState } from './state.ts';
import { type StateFiles, writeStateFiles } from './state-files.ts';
import { changedRowsSql, OPEN_TABLE, stateRows, wholeRowsSql } from './state-rows.ts';

const ZERO: ExpectedTotals = { rowCount: 0, eventCount: 0, duplicateCount: 0, pairSum: '0' };

/** Adds what was folded to the state, writes the rows of the result that change, checks and publishes both. */
export async function mergeUpdate(update: FoldedUpdate): Promise<RunSummary> {
  const { job, options, staging, state } = update;
  const { database, stopwatch } = job;
  const sum = (parts: readonly FoldResult[]): number => parts.reduce((rows, part) => rows + part.rowCount, 0);
  stopwatch.begin('merge', sum(update.folded.closed) + sum(update.folded.open));
  const stateFiles = await writeStateFiles(update);
  throwIfStopped(stopwatch.counters);
  const isVideosChanged = await createTables(update, stateFiles);
  const result = await writeResult(update, stateFiles, isVideosChanged);
  throwIfStopped(stopwatch.counters);
  const tables = new TableWriter({
    database,
    options,
    folds: [],
    folder: staging.folder,
    workers: update.workers,
    counters: stopwatch.counters,
  });
  await tables.write();
  for (const { name } of tablesOf(options.tables)) await staging.stampNames(join(staging.folder, name));
  const kept = await keepLateRows(update);
  const totals = await countTotals(update, stateFiles, result);
  await writeState(staging.folder, {
    format: STATE_FORMAT,
    version: VERSION,
    settings: settingsOf(options),
    partitionBits: update.partitionBits,
    dialects: update.dialects,
    watermarkUs: update.watermarkUs,
    horizonUs: update.horizonUs,
    inputs: update.selection.seen,
    rows: stateFiles.rows,
    texts: stateFiles.texts,
    durations: stateFiles.durations,
    open: update.open,
    carries: update.carries.files,
    places: result.places,
    totals,
  });
  const names =
    update.account.unknownNames.size === 0
      ? new Map<bigint, string>()
      : await readUnknownNames(database, textPathsOf(update));
  const linkedPaths = new Set([...stateFiles.linked, ...update.carries.linked, ...result.linked, ...kept]);
  const { late } = update.folded;
  return finishResult({
    ...update,
    database,
    stopwatch,
    expected: totals,
    events: toRowAccount(update, totals, countNames(update.account, names)),
    spilledBytes: [...update.scans, ...update.folded.closed, ...update.folded.open].reduce(
      (bytes, part) => bytes + part.spilledBytes,
      0,
    ),
    reviewTables: () => tables.review(),
    linked: new Map(
      (update.published?.files ?? [])
        .filter(({ path }) => linkedPaths.has(path))
        .map((file) => [file.path, file]),
    ),
    update: {
      isFirst: state === null,
      inputs: {
        read: update.selection.reads.length,
        skipped: update.selection.skipped,
        changed: update.selection.changed.length,
      },
      watermark: update.watermarkUs === null ? null : toIso(update.watermarkUs),
      late: { mode: options.late, ...late },
      rowsChanged: state === null ? totals.rowCount : result.rowsChanged,
      filesWritten: result.filesWritten,
      filesLinked: result.linked.length,
    },
  });
}

const toIso = (timestampUs: bigint): string => new Date(Number(timestampUs / 1000n)).toISOString();

/**
 * Creates the tables of ids and durations over all of the state, and `changed_videos`: those whose title or duration
 * is another than the published. Returns whether there are any.
 */
async function createTables({ job, staging, state, options }: FoldedUpdate, files: StateFiles) {
  const { database } = job;
  await createKeyTables(database, files.textPaths, options.idHashBits);
  await createEstimates(
    database,
    `(SELECT userHash, videoHash, maxCreditedEndUs FROM ${stateRows(files.rowPaths)}
      UNION ALL SELECT userHash, videoHash, maxCreditedEndUs FROM ${OPEN_TABLE}())`,
  );
  await createDurations(database);
  const path = join(staging.folder, STATE_FOLDER, files.durations);
  await database.run(`COPY durations TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`);
  if (state === null) return false;
  const before = quotePath(join(staging.published!, STATE_FOLDER, state.durations));
  await database.run(
    `CREATE TEMP TABLE changed_videos AS SELECT now.hash AS videoHash
     FROM durations AS now JOIN read_parquet(${before}) AS earlier ON earlier.hash = now.hash
     WHERE now.title IS DISTINCT FROM earlier.title OR now.duration IS DISTINCT FROM earlier.duration
       OR now.source IS DISTINCT FROM earlier.source`,
  );
  const [row] = await database.rows<{ videos: number }>(
    'SELECT count(*)::DOUBLE AS videos FROM changed_videos',
  );
  return (row?.videos ?? 0) > 0;
}

async function writeResult(
  { job, options, staging, state }: FoldedUpdate,
  { rowPaths }: StateFiles,
  isVideosChanged: boolean,
): Promise<WrittenResult> {
  const files: ResultFiles = {
    database: job.database,
    options,
    folder: staging.folder,
    stamp: staging.id.slice(-8),
    published: staging.published,
    // A result without rows is a file to be left behind.
    places: state === null || state.totals.rowCount === 0 ? {} : state.places,
  };
  if (state === null) return writeWholeResult(files, await wholeRowsSql(job.database, options.uniqueSeconds));
  const rows = await changedRowsSql(job.database, rowPaths, isVideosChanged, options.uniqueSeconds);
  return updateResult(files, rows);
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

/** What all rows of the result must add up to, from the state. */
async function countTotals(
  { job, state }: FoldedUpdate,
  { rowPaths }: StateFiles,
  result: WrittenResult,
): Promise<ExpectedTotals> {
  const [row] = await job.database.rows<{ events: number; duplicates: number }>(
    `SELECT coalesce(sum(eventCount), 0)::DOUBLE AS events, coalesce(sum(duplicateCount), 0)::DOUBLE AS duplicates
     FROM (SELECT eventCount, duplicateCount FROM ${stateRows(rowPaths)}
       UNION ALL SELECT eventCount, duplicateCount FROM ${OPEN_TABLE}())`,
  );
  const pairs =
    state === null
      ? await countPairs(job)
      : {
          rowCount: state.totals.rowCount + result.rowsChanged - result.rowsReplaced,
          pairSum: addPairs(state.totals.pairSum, result.pairsAdded),
        };
  return { ...pairs, eventCount: row?.events ?? 0, duplicateCount: row?.duplicates ?? 0 };
}

const addPairs = (sum: string, added: bigint): string => String(BigInt.asUintN(64, BigInt(sum) + added));

/** The pairs of a first update: those folded before the horizon, and those that have events behind it alone. */
async function countPairs({ database }: Job): Promise<Pick<ExpectedTotals, 'rowCount' | 'pairSum'>> {
  const keys = (table: string): string => `SELECT userHash, videoHash FROM ${table}()`;
  const [row] = await database.rows<{ pairs: number; pairSum: string }>(
    `SELECT count(*)::DOUBLE AS pairs, ${pairSumSql('userHash', 'videoHash')} AS pairSum
     FROM (${keys(FOLDED_TABLE)} UNION ALL
       SELECT opened.* FROM (${keys(OPEN_TABLE)}) AS opened
         ANTI JOIN (${keys(FOLDED_TABLE)}) AS closed USING (userHash, videoHash))`,
  );
  return { rowCount: row?.pairs ?? 0, pairSum: row?.pairSum ?? '0' };
}

/** Of the rows read now; duplicates are those that the result has more than before. */
function toRowAccount(
  { account, state, folded, options }: FoldedUpdate,
  { duplicateCount }: ExpectedTotals,
  unknownEventNames: Record<string, number>,
): RowAccount {
  const { read, kept, invalid, invalidByReason } = account;
  const setAside = options.late === 'quarantine' ? folded.late.events : 0;
  const duplicates = Math.max(0, duplicateCount - (state?.totals ?? ZERO).duplicateCount);
  const all = { read, kept, invalid, invalidByReason, unknownEventNames };
  return { ...all, folded: kept - setAside - duplicates, duplicates };
}
