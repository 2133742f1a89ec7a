import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../duckdb.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import { StoppedError, stopCheckOf } from '../progress-counters.ts';
import { type ResolvedOptions, type RunOptions, resolveOptions } from '../run-options.ts';
import { EVENT_COLUMNS } from '../source/columns/names.ts';
import { pathFilter } from '../source/date-folders.ts';
import { DIALECTS, mergeEventNames } from '../source/dialects/index.ts';
import { normalizeEventName } from '../source/event-classes.ts';
import { type InputFile, resolveInputs } from '../source/inputs.ts';
import { MALFORMED } from '../source/row-reasons.ts';
import { SliceSource } from '../source/slice-source.ts';
import { planSlices, type ScanSlice } from '../source/slices.ts';
import { createTitles, findVideos, readVideoColumns, type VideoColumns } from '../source/videos.ts';
import { adviseOn } from './advice.ts';
import { countEvents, type EventCounts } from './counts.ts';
import { eventRows, type ReadableSlice } from './event-rows-sql.ts';
import type { CheckReport, ReportedLayout } from './report.ts';
import { countElements, FirstLines, sampleInvalidRows } from './samples.ts';
import { reviewSessions } from './sessions.ts';

/** What `check` takes: the options of `run` that say what is read, and how. */
export type CheckOptions = Pick<
  RunOptions,
  'inputs' | 'videos' | 'since' | 'until' | 'threads' | 'memory' | 'config' | 'signal'
>;

/**
 * Reads events and says what a run would make of them; writes nothing. All rows are counted; sessions are looked
 * at for a sample of users where there are many rows. Throws a PlayfoldError for what the caller can mend and a
 * StoppedError after `options.signal` fired.
 */
export async function check(options: CheckOptions): Promise<CheckReport> {
  // A run's checks of its options hold here too; a folder to write is the one thing that is not needed.
  const resolved = resolveOptions({ ...options, out: 'nothing is written' });
  const tempFolder = await mkdtemp(join(tmpdir(), 'playfold-'));
  let database: Database | null = null;
  const stop = (): void => database?.interrupt();
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    const { threads, memoryBytes } = resolved;
    database = await Database.open({ threads, memoryBytes, tempFolder });
    return await inspect(database, resolved, tempFolder);
  } catch (error) {
    throw options.signal?.aborted ? new StoppedError() : error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
    database?.close();
    await rm(tempFolder, { recursive: true, force: true });
  }
}

async function inspect(
  database: Database,
  options: ResolvedOptions,
  tempFolder: string,
): Promise<CheckReport> {
  const { config, inputs, signal } = options;
  // An interrupt ends the query under way only, so the signal is looked at between queries too.
  signal?.throwIfAborted();
  const stopCheck = stopCheckOf(signal);
  // So that the first rows are the first, and rows of a session are seen as they follow each other.
  await database.run('SET preserve_insertion_order = true');
  const videos =
    options.videos === null
      ? null
      : await readVideoColumns(
          database,
          await findVideos(options.videos, tempFolder, signal),
          config,
          tempFolder,
          stopCheck,
        );
  await createTitles(database, videos);
  const files = await resolveInputs(inputs, tempFolder, { isWanted: pathFilter(options), signal });
  signal?.throwIfAborted();
  const planned = await planSlices(database, files, config, { ...options, keepInvalid: false, tempFolder });
  const slices: ReadableSlice[] = [];
  const lines = new FirstLines();
  let malformed = 0;
  for (const [index, slice] of planned.entries()) {
    const source = await SliceSource.openSieved(slice, index, {
      tempFolder,
      check: stopCheck,
      lines,
    });
    slices.push({ ...slice, from: source.from });
    malformed += source.refused;
  }
  if (slices.length === 0)
    throw new PlayfoldError(`${inputs.join(', ')}: no rows to read; check the path.`, EXIT.input);
  const dialects = [...new Set(slices.map(({ columns }) => columns.dialect))];
  const eventNames = mergeEventNames(config.eventNames, dialects);
  await database.run(`CREATE TEMP VIEW event_rows AS ${eventRows(slices, eventNames)}`);
  const counted = await countEvents(database);
  const undated = counted.invalidByReason.missing_timestamp ?? 0;
  const elements = undated === 0 ? 0 : await countElements(database, planned, lines);
  const { rowsWithDuration, ...counts } = withMalformed(counted, malformed, elements);
  signal?.throwIfAborted();
  const samples = await sampleInvalidRows(database, slices, eventNames, counts.invalidByReason);
  signal?.throwIfAborted();
  const report = {
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.byteLength, 0),
    emptyFiles: files.filter((file) => file.byteLength === 0).length,
    layouts: describeLayouts(slices, files),
    ...counts,
    otherEventRows: countOtherEvents(dialects, counts.unknownEventNames),
    samples: { ...(lines.samples.length > 0 ? { [MALFORMED]: lines.samples } : {}), ...samples },
    sessions: await reviewSessions(database, counts.kept),
    videos: videos === null ? null : await describeVideos(database, videos, rowsWithDuration),
  };
  return { ...report, advice: adviseOn(report) };
}

/** Counts with the lines that could not be read, and elements of arrays that were read as rows without a time. */
function withMalformed(counts: EventCounts, malformed: number, elements: number): EventCounts {
  const { missing_timestamp: undated = 0 } = counts.invalidByReason;
  return {
    ...counts,
    read: counts.read + malformed,
    invalid: counts.invalid + malformed,
    invalidByReason: {
      [MALFORMED]: malformed + elements,
      ...counts.invalidByReason,
      missing_timestamp: undated - elements,
    },
  };
}

function describeLayouts(slices: readonly ScanSlice[], files: readonly InputFile[]): ReportedLayout[] {
  const formatOf = new Map(files.map(({ path, format }) => [path, format]));
  const layouts = new Map<string, ReportedLayout & { readonly paths: Set<string> }>();
  for (const { columns, files: read } of slices) {
    const paths = read.map(({ path }) => path);
    const { dialect, matches } = columns;
    const layout = layouts.get(columns.signature) ?? {
      files: 0,
      firstFile: paths[0]!,
      format: formatOf.get(paths[0]!) ?? '',
      dialect,
      matches,
      missing: EVENT_COLUMNS.filter((column) => !matches.some((match) => match.column === column)),
      paths: new Set<string>(),
    };
    for (const path of paths) layout.paths.add(path);
    layouts.set(columns.signature, layout);
  }
  return [...layouts.values()].map(({ paths, ...layout }) => ({ ...layout, files: paths.size }));
}

function countOtherEvents(
  dialects: readonly string[],
  unknownEventNames: Readonly<Record<string, number>>,
): number {
  const known = new Set(
    DIALECTS.filter(({ name }) => dialects.includes(name)).flatMap(({ otherEvents }) =>
      otherEvents.map(normalizeEventName),
    ),
  );
  return Object.entries(unknownEventNames)
    .filter(([name]) => known.has(normalizeEventName(name)))
    .reduce((sum, [, rows]) => sum + rows, 0);
}

async function describeVideos(
  database: Database,
  { file, matches }: VideoColumns,
  rowsWithDuration: number,
): Promise<NonNullable<CheckReport['videos']>> {
  const [row] = await database.rows<{ videos: number; withDuration: number }>(
    `SELECT count(*)::DOUBLE AS videos, count(duration)::DOUBLE AS withDuration FROM titles`,
  );
  const reported = matches.map(({ column, path, type, why }) => ({
    column,
    paths: [path],
    types: [type],
    why,
  }));
  return { file: file.path, matches: reported, ...row!, rowsWithDuration };
}
