import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database, quoteText } from '../duckdb.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import { readTitles } from '../plan.ts';
import { StoppedError, throwIfStopped } from '../progress-counters.ts';
import { findInputs } from '../run-inputs.ts';
import { type ResolvedOptions, type RunOptions, resolveOptions } from '../run-options.ts';
import type { RowFilter } from '../source/row-filter.ts';
import { hashNames } from '../source/scan.ts';
import { planSlices } from '../source/slices.ts';
import { Stopwatch } from '../stopwatch.ts';
import { type Arithmetic, explainColumns, explainFlags, type FlagReason, type Row } from './arithmetic.ts';
import { extractRows } from './extract.ts';
import { describeMissing, nearestIds } from './nearest.ts';
import { tracePair } from './pair-events.ts';
import { hasDuration, readPairRow } from './pair-row.ts';
import { readPairRows } from './pair-rows.ts';
import { type ExplainedEvent, type ExplainedSegment, segmentsOf, timelineOf } from './timeline.ts';

/** The user and the video that are asked about. */
export interface Pair {
  readonly userId: string;
  readonly videoId: string;
}

/** Why a row is what it is. Seconds of video, timestamps in UTC. */
export interface Explanation extends Pair {
  readonly events: readonly ExplainedEvent[];
  /** Later events than those, which `maxEvents` left out. */
  readonly eventsLeftOut: number;
  readonly segments: readonly ExplainedSegment[];
  readonly segmentsLeftOut: number;
  /** The row as `run` writes it, of all events. */
  readonly row: Row;
  readonly arithmetic: readonly Arithmetic[];
  readonly flags: readonly FlagReason[];
}

export interface ExplainOptions extends Omit<RunOptions, 'out'> {
  /** Events to show where there are more, about: those of one instant stay together. Default: 1000. */
  readonly maxEvents?: number | undefined;
}

/**
 * Explains one row: reads only what the pair needs and folds it with the kernel of a run. Where the metadata do not
 * say how long the video is, all of its events are read, because its length is then the largest end anyone reached.
 * Throws a PlayfoldError (input) that names the nearest ids where there is no such pair, and a StoppedError after
 * `options.signal` fired.
 */
export async function explain(
  { maxEvents = 1000, ...runOptions }: ExplainOptions,
  pair: Pair,
): Promise<Explanation> {
  const options = resolveOptions({ ...runOptions, tables: ['engagement'], out: '-' });
  const { threads, memoryBytes, signal, onProgress } = options;
  const tempFolder = await mkdtemp(join(tmpdir(), 'playfold-'));
  const stopwatch = new Stopwatch(onProgress);
  let database: Database | null = null;
  const stop = (): void => {
    stopwatch.counters.stop();
    database?.interrupt();
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    if (signal?.aborted) stop();
    database = await Database.open({ threads, memoryBytes: memoryBytes / 4, tempFolder });
    throwIfStopped(stopwatch.counters);
    return await explainPair({ database, options, tempFolder, stopwatch }, pair, maxEvents);
  } catch (error) {
    throw signal?.aborted ? new StoppedError() : error;
  } finally {
    signal?.removeEventListener('abort', stop);
    stopwatch.end();
    database?.close();
    await rm(tempFolder, { recursive: true, force: true });
  }
}

interface Workplace {
  readonly database: Database;
  readonly options: ResolvedOptions;
  readonly tempFolder: string;
  readonly stopwatch: Stopwatch;
}

async function explainPair(place: Workplace, pair: Pair, maxEvents: number): Promise<Explanation> {
  const { database, options, tempFolder, stopwatch } = place;
  stopwatch.begin('plan', 0);
  const { files, videos } = await findInputs(options, tempFolder);
  await readTitles(database, options, videos, tempFolder);
  const beginScan = async (only: RowFilter['only']) => {
    const reading = { ...options, keepInvalid: false, tempFolder, only };
    const slices = await planSlices(database, files, options.config, reading);
    stopwatch.begin(
      'scan',
      slices.reduce((sum, { rowEstimate }) => sum + rowEstimate, 0),
    );
    return slices;
  };
  const onRows = (rowCount: number): void => stopwatch.counters.addRows(rowCount);
  const only = (await hasDuration(database, pair.videoId)) ? pair : { videoId: pair.videoId };
  const extract = await extractRows(database, await beginScan(only), tempFolder, options, onRows);
  const { config } = extract.options;
  const names = await hashNames(database, { eventNames: config.eventNames, idHashBits: 64 });
  const { rowCount, rows, lastUs } = await readPairRows(database, extract.files, pair, maxEvents, names);
  if (rowCount === 0) {
    const missing = await describeMissing(pair, async (column, name, others) =>
      nearestIds(database, await beginScan(others), tempFolder, column, name, onRows),
    );
    throw new PlayfoldError(`${options.inputs.join(', ')}: ${missing}`, EXIT.input);
  }
  stopwatch.begin('fold', 0);
  const trace = tracePair(rows, config, names);
  const row = await readPairRow(database, extract, tempFolder, pair, stopwatch.counters);
  if (row === null)
    throw new PlayfoldError(
      `all ${rowCount} events of user ${quoteText(pair.userId)} and video ${quoteText(pair.videoId)} are ` +
        `invalid (${[...new Set(trace.dropped.map(({ reason }) => reason))].join(', ')}), so there is no row.`,
      EXIT.input,
    );
  const events = timelineOf(trace, config, { lastUs, visitCount: Number(row.sessionCount) });
  const segments = segmentsOf(trace, lastUs);
  const explanation = {
    ...pair,
    events,
    eventsLeftOut: rowCount - events.length,
    segments,
    segmentsLeftOut: Number(row.segmentCount) - segments.length,
    row,
    arithmetic: explainColumns(row, options.config),
    flags: explainFlags(row, options.config),
  };
  if (lastUs === null) checkAgainstRow(explanation);
  return explanation;
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
