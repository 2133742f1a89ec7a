import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database, quoteText } from '../duckdb.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import { foldSlices } from '../pipeline.ts';
import { planRun, readTitles } from '../plan.ts';
import { RunCounters } from '../progress-counters.ts';
import { findInputs } from '../run-inputs.ts';
import { type ResolvedOptions, type RunOptions, resolveOptions } from '../run-options.ts';
import { engagementSql } from '../sink/engagement-sql.ts';
import { registerFoldedTable } from '../sink/folded-table.ts';
import { createDurations, createEstimates, createKeyTables, refuseCollisions } from '../sink/keys.ts';
import { mergeEventNames } from '../source/dialects/index.ts';
import type { InputFile } from '../source/inputs.ts';
import type { RowFilter } from '../source/row-filter.ts';
import { planSlices, type ScanSlice } from '../source/slices.ts';
import { type Arithmetic, explainColumns, explainFlags, type FlagReason, type Row } from './arithmetic.ts';
import { describeMissing, nearestIds } from './nearest.ts';
import { readPair, tracePair } from './pair-events.ts';
import { type ExplainedEvent, type ExplainedSegment, segmentsOf, timelineOf } from './timeline.ts';

/** The user and the video that are asked about. */
export interface Pair {
  readonly userId: string;
  readonly videoId: string;
}

/** Why a row is what it is. Seconds of video, timestamps in UTC. */
export interface Explanation extends Pair {
  readonly events: readonly ExplainedEvent[];
  readonly segments: readonly ExplainedSegment[];
  /** The row as `run` writes it. */
  readonly row: Row;
  readonly arithmetic: readonly Arithmetic[];
  readonly flags: readonly FlagReason[];
}

/**
 * Explains one row: reads only what the pair needs and folds it with the kernel of a run. Where the metadata do not
 * say how long the video is, all of its events are read, because its length is then the largest end anyone reached.
 * Throws a PlayfoldError (input) that names the nearest ids where there is no such pair.
 */
export async function explain(runOptions: Omit<RunOptions, 'out'>, pair: Pair): Promise<Explanation> {
  const options = resolveOptions({ ...runOptions, tables: ['engagement'], out: '-' });
  const tempFolder = await mkdtemp(join(tmpdir(), 'playfold-'));
  const { threads, memoryBytes } = options;
  const database = await Database.open({ threads, memoryBytes: memoryBytes / 4, tempFolder });
  try {
    const { files, videos } = await findInputs(options, tempFolder);
    await readTitles(database, options, videos, tempFolder);
    const slicesOf = (only: RowFilter['only']): Promise<ScanSlice[]> =>
      planSlices(database, files, options.config, { ...options, keepInvalid: false, tempFolder, only });
    const slices = await slicesOf(pair);
    const rows = await readPair(database, slices, tempFolder);
    if (rows.length === 0) {
      const where = options.inputs.join(', ');
      const missing = await describeMissing(pair, (column, name, only) =>
        slicesOf(only).then((others) => nearestIds(database, others, tempFolder, column, name)),
      );
      throw new PlayfoldError(`${where}: ${missing}`, EXIT.input);
    }
    const dialects = slices.map(({ columns }) => columns.dialect);
    const eventNames = mergeEventNames(options.config.eventNames, dialects);
    const trace = await tracePair(database, rows, { ...options.config, eventNames });
    const row = trace.steps.length === 0 ? null : await readRow(database, files, options, tempFolder, pair);
    if (row === null)
      throw new PlayfoldError(
        `all ${rows.length} events of user ${quoteText(pair.userId)} and video ${quoteText(pair.videoId)} are ` +
          `invalid (${[...new Set(trace.dropped.map(({ reason }) => reason))].join(', ')}), so there is no row.`,
        EXIT.input,
      );
    const explanation = {
      ...pair,
      events: timelineOf(trace, options.config),
      segments: segmentsOf(trace),
      row,
      arithmetic: explainColumns(row, options.config),
      flags: explainFlags(row, options.config),
    };
    checkAgainstRow(explanation);
    return explanation;
  } finally {
    database.close();
    await rm(tempFolder, { recursive: true, force: true });
  }
}

/** The row of the pair, by the stages and the SQL of a run. */
async function readRow(
  database: Database,
  files: readonly InputFile[],
  options: ResolvedOptions,
  tempFolder: string,
  { userId, videoId }: Pair,
): Promise<Row | null> {
  const only = (await hasDuration(database, videoId)) ? { userId, videoId } : { videoId };
  const places = { tempFolder, quarantineFolder: null, counters: new RunCounters() };
  const { scans, folds } = await foldSlices(await planRun(database, files, { ...options, only }, places));
  const rowCount = folds.reduce((sum, fold) => sum + fold.rowCount, 0);
  registerFoldedTable(
    database,
    folds.flatMap((fold) => fold.places),
    rowCount,
    options.threads,
  );
  const textPaths = scans.map((scan) => scan.textsPath);
  await createKeyTables(database, textPaths, options.idHashBits);
  await refuseCollisions(database);
  await createEstimates(database);
  await createDurations(database);
  const condition = `userHash = hash(${quoteText(userId)}) AND videoHash = hash(${quoteText(videoId)})`;
  const sql = engagementSql(options.config, options.uniqueSeconds, { condition });
  const [found] = await database.rows<{ row: string }>(
    `SELECT to_json(result)::VARCHAR AS row FROM (${sql}) AS result`,
  );
  return found === undefined ? null : (JSON.parse(found.row) as Row);
}

/** Whether the metadata say how long the video is. */
async function hasDuration(database: Database, videoId: string): Promise<boolean> {
  const listed = await database.rows(
    `SELECT duration FROM titles WHERE videoId = ${quoteText(videoId)} AND duration IS NOT NULL`,
  );
  return listed.length > 0;
}

/** The timeline and the row come of two folds of the same kernel: where they differ, neither is to be believed. */
function checkAgainstRow({ events, segments, row }: Explanation): void {
  const watched = segments.reduce((sum, { start, end }) => sum + Math.round((end - start) * 1e6), 0);
  const counted = events.filter(({ dropped }) => dropped === null).length;
  if (watched !== Math.round(Number(row.totalWatchTime) * 1e6) || counted !== Number(row.eventCount))
    throw new Error(
      `the timeline (${counted} events, ${watched} us) differs from the row (${row.eventCount}, ${row.totalWatchTime} s)`,
    );
}
