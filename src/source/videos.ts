import type { Config } from '../config/schema.ts';
import { type Database, quoteText } from '../duckdb.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import { type VideoArrays, VideoBuckets } from '../kernel/video-buckets.ts';
import type { StopCheck } from '../progress-counters.ts';
import { ValueExpressions } from './columns/expressions.ts';
import { sampleShapes } from './columns/json-shapes.ts';
import {
  matchName,
  missingColumn,
  type NameSearch,
  VIDEO_COLUMNS,
  VIDEO_SPELLINGS,
  type VideoColumn,
} from './columns/names.ts';
import { type ColumnValue, normalizeName, parsePath, resolvePath, toSourceColumns } from './columns/paths.ts';
import type { InputFile } from './formats.ts';
import { describeColumns, readerOf } from './readers.ts';
import { idHash } from './scan.ts';
import { requireWhole, resolveOneFile } from './whole-file.ts';

/** What the columns of the video metadata are read from. */
export interface VideoColumns {
  readonly file: InputFile;
  readonly matches: readonly {
    readonly column: VideoColumn;
    readonly path: string;
    readonly type: string;
    readonly why: string;
  }[];
  /** SQL: rows of videoId VARCHAR, title VARCHAR and duration DOUBLE, in seconds. */
  readonly select: string;
}

/** The file of metadata. Throws a PlayfoldError (input) unless `path` is one file. */
export function findVideos(path: string, tempFolder: string, signal?: AbortSignal): Promise<InputFile> {
  return resolveOneFile(path, '--videos', tempFolder, signal);
}

/** The columns of a metadata file. Throws a PlayfoldError (input) for a file without a videoId or with a broken row. */
export async function readVideoColumns(
  database: Database,
  metadata: InputFile,
  config: Config,
  tempFolder: string,
  check?: StopCheck,
): Promise<VideoColumns> {
  const file = await requireWhole(database, metadata, tempFolder, check);
  const topLevel = toSourceColumns(await describeColumns(database, file), file.format === 'ndjson');
  const columns = await sampleShapes(database, file, topLevel);
  const search = { file: file.name, flag: '--video-columns', columns };
  const found = VIDEO_COLUMNS.flatMap((column) => {
    const match = resolveVideoColumn(search, column, config.videoColumns[column]);
    return match === undefined ? [] : [{ column, ...match }];
  });
  const valuesOf = (column: VideoColumn): ColumnValue[] =>
    found.filter((match) => match.column === column).map(({ value }) => value);
  if (valuesOf('videoId').length === 0)
    throw missingColumn(search, { target: 'videoId', spellings: VIDEO_SPELLINGS.videoId });
  const sql = new ValueExpressions(found.map(({ value }) => value));
  const [title, duration] = [valuesOf('title'), valuesOf('duration')];
  const names = [...new Set(found.map(({ value }) => value.column))];
  return {
    file,
    matches: found.map(({ column, value: { path: at, type }, why }) => ({ column, path: at, type, why })),
    select: `SELECT ${sql.text(valuesOf('videoId'))} AS videoId,
       ${title.length === 0 ? 'NULL::VARCHAR' : sql.text(title)} AS title,
       ${duration.length === 0 ? 'NULL::DOUBLE' : durationExpression(sql, duration, config.videoDurationUnit)} AS duration
     FROM ${readerOf([file], { names })}`,
  };
}

function resolveVideoColumn(
  search: NameSearch,
  column: VideoColumn,
  path: string | undefined,
): { value: ColumnValue; why: string } | undefined {
  if (path === undefined) {
    const match = matchName(search, column, VIDEO_SPELLINGS[column]);
    const value = match && resolvePath(search.columns, match.steps);
    return value && { value, why: match.why };
  }
  const value = resolvePath(search.columns, [path]) ?? resolvePath(search.columns, parsePath(path) ?? [path]);
  if (value === undefined)
    throw missingColumn(search, { target: column, spellings: VIDEO_SPELLINGS[column], configured: path });
  return { value, why: 'as configured' };
}

/** ISO-8601: PT1H2M3.5S, P1DT2H. Years and months have no length. */
const ISO_DURATION = String.raw`^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d*)?)S)?)?$`;

function durationExpression(
  sql: ValueExpressions,
  values: readonly ColumnValue[],
  unit: Config['videoDurationUnit'],
): string {
  const isMs =
    unit === 'ms' || (unit === 'auto' && /(ms|millis|milliseconds)$/.test(normalizeName(values[0]!.path)));
  const number = `${sql.seconds(values)}${isMs ? ' / 1e3' : ''}`;
  const text = `upper(trim(${sql.text(values)}))`;
  const part = (group: number, seconds: number): string =>
    `coalesce(TRY_CAST(replace(regexp_extract(${text}, ${quoteText(ISO_DURATION)}, ${group}), ',', '.') AS DOUBLE), 0) * ${seconds}`;
  const iso = `${part(1, 86400)} + ${part(2, 3600)} + ${part(3, 60)} + ${part(4, 1)}`;
  return `CASE WHEN regexp_matches(${text}, ${quoteText(ISO_DURATION)}) THEN ${iso} ELSE ${number} END`;
}

/**
 * Creates the table titles(videoId, title, duration) from the metadata, if any. Duration is in seconds, and null
 * unless it is finite and above 0. Throws a PlayfoldError (input) for a video that stands there twice with
 * different values.
 */
export async function createTitles(database: Database, videos: VideoColumns | null): Promise<void> {
  if (videos === null) {
    await database.run(`CREATE TEMP TABLE titles (videoId VARCHAR, title VARCHAR, duration DOUBLE)`);
    return;
  }
  const { path } = videos.file;
  try {
    await database.run(
      `CREATE TEMP TABLE titles AS
       SELECT DISTINCT videoId, title, CASE WHEN isfinite(duration) AND duration > 0 THEN duration END AS duration
       FROM (${videos.select}) WHERE videoId IS NOT NULL`,
    );
  } catch (error) {
    if (error instanceof PlayfoldError) throw new PlayfoldError(`${path}: ${error.message}`, error.exitCode);
    throw error;
  }
  const [twice] = await database.rows<{ videoId: string; title: string; duration: string }>(
    `SELECT videoId, string_agg(DISTINCT coalesce(title, '(none)'), ' and ') AS title,
       string_agg(DISTINCT coalesce(duration::VARCHAR, '(none)'), ' and ') AS duration
     FROM titles GROUP BY videoId HAVING count(*) > 1 ORDER BY videoId LIMIT 1`,
  );
  if (twice !== undefined)
    throw new PlayfoldError(
      `${path}: video ${quoteText(twice.videoId)} stands there twice with different values ` +
        `(duration ${twice.duration}; title ${twice.title}); keep one row of it.`,
      EXIT.input,
    );
}

/** More would make each fold copy more than 4 MB into its kernel. */
const MAX_KNOWN_VIDEOS = 131_072;

/**
 * Reads from the table titles how videos of known duration are divided into buckets: all of them, or as many as a
 * kernel is given. A hash that two videos share is left out.
 */
export async function readKnownVideos(database: Database, idHashBits: number): Promise<VideoArrays> {
  const [hashes = [], durations = []] = await database.columns(
    `SELECT hash, min(duration) FROM (SELECT ${idHash('videoId', idHashBits)} AS hash, duration FROM titles)
     GROUP BY hash HAVING count(*) = 1 AND min(duration) IS NOT NULL LIMIT ${MAX_KNOWN_VIDEOS}`,
  );
  return new VideoBuckets(hashes as bigint[], durations as number[]).arrays;
}
