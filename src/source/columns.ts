import type { Config } from '../config/schema.ts';
import type { Database } from '../duckdb.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import { ValueExpressions } from './columns/expressions.ts';
import { sampleShapes } from './columns/json-shapes.ts';
import { type EventColumn, missingColumn } from './columns/names.ts';
import { type ColumnValue, toSourceColumns } from './columns/paths.ts';
import { findMissing, type Resolutions, resolveColumns } from './columns/resolution.ts';
import type { Dialect } from './dialects/dialect.ts';
import { dialectOf } from './dialects/index.ts';
import type { InputFile } from './formats.ts';
import { describeColumns } from './readers.ts';

/** SQL expressions over one file's columns, each of a fixed type. */
export interface ColumnExpressions {
  /** BIGINT: microseconds since 1970-01-01 UTC. */
  readonly timestampUs: string;
  /** VARCHAR. */
  readonly userId: string;
  readonly sessionId: string;
  readonly videoId: string;
  readonly eventName: string;
  /** DOUBLE: seconds. */
  readonly currentTime: string;
  readonly fromTime: string | null;
}

/** What a column of SPEC.md section 1 is read from. */
export interface ColumnMatch {
  readonly column: EventColumn;
  /** As written after `--columns name=`; of several, the first that holds a value counts in each row. */
  readonly paths: readonly string[];
  readonly types: readonly string[];
  readonly why: string;
}

/** What a scan needs to know of a file's columns: plain data. */
export interface SourceColumns {
  readonly expressions: ColumnExpressions;
  /** VARCHAR: the values as they stand in the file, before they are understood. */
  readonly rawTexts: Readonly<Partial<Record<EventColumn, string>>>;
  readonly matches: readonly ColumnMatch[];
  /** The name of the dialect. */
  readonly dialect: string;
  /** Files of one format and signature can be read by one query. */
  readonly signature: string;
  /** The columns to read from NDJSON, all as text: a value of another type is then a bad value, not an error. */
  readonly names: readonly string[];
}

/**
 * The columns of a file, as SQL expressions: from `columns` of the configuration, else from the dialect, else by
 * their names. Throws a PlayfoldError (input) naming a column that is missing or could be two, those found and the
 * flag that mends it.
 */
export async function readColumns(
  database: Database,
  file: InputFile,
  config: Config,
): Promise<SourceColumns> {
  const columns = toSourceColumns(await describeColumns(database, file), file.format === 'ndjson');
  const dialect = dialectOf(config.dialect, columns);
  const search = { file: file.name, flag: '--columns', columns };
  let resolutions = resolveColumns(search, dialect, config.columns);
  const isLikely = [...resolutions.values()].some((one) => one.isLikely);
  if (findMissing(resolutions) !== undefined || (isLikely && file.format !== 'parquet')) {
    const deeper = { ...search, columns: await sampleShapes(database, file, columns) };
    resolutions = resolveColumns(deeper, dialect, config.columns);
    const missing = findMissing(resolutions);
    const known = dialect.name === 'playfold' ? undefined : dialect.name;
    if (missing !== undefined) throw missingColumn(deeper, { ...missing, dialect: known });
  }
  return describeSource(file, dialect, resolutions, config);
}

function describeSource(
  file: InputFile,
  dialect: Dialect,
  resolutions: Resolutions,
  config: Config,
): SourceColumns {
  const all = [...resolutions.values()].flatMap(({ values }) => values);
  const sql = new ValueExpressions(all);
  const valuesOf = (column: EventColumn): readonly ColumnValue[] => resolutions.get(column)?.values ?? [];
  const reading = {
    unit: config.timestampUnit,
    timezone: config.timezone,
    formats: dialect.timestampFormats ?? [],
  };
  const expressions = {
    timestampUs: sql.timestampUs(valuesOf('timestamp'), reading),
    userId: sql.text(valuesOf('userId')),
    sessionId: sql.text(valuesOf('sessionId')),
    videoId: sql.text(valuesOf('videoId')),
    eventName: sql.text(valuesOf('eventName')),
    currentTime: sql.seconds(valuesOf('currentTime')),
    fromTime: resolutions.has('fromTime') ? sql.seconds(valuesOf('fromTime')) : null,
  };
  const names = [...new Set(all.map(({ column }) => column))];
  return {
    expressions,
    rawTexts: Object.fromEntries([...resolutions].map(([column, { values }]) => [column, sql.text(values)])),
    matches: [...resolutions].map(([column, { values, why }]) => ({
      column,
      paths: values.map(({ path }) => path),
      types: values.map(({ type }) => type),
      why,
    })),
    dialect: dialect.name,
    signature: JSON.stringify([file.format, dialect.name, expressions, names]),
    names,
  };
}

/** Throws a PlayfoldError (input) where the configuration names a fromTime that no file has. */
export function checkFromTime(files: readonly SourceColumns[], config: Config): void {
  const path = config.columns.fromTime;
  if (path === undefined || files.length === 0) return;
  if (files.some(({ expressions }) => expressions.fromTime !== null)) return;
  throw new PlayfoldError(
    `--columns fromTime=${path}: no file has such a column; correct it, or leave it out.`,
    EXIT.input,
  );
}
