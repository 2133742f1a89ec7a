import type { Config } from '../config/schema.ts';
import { type Database, quoteName } from '../duckdb.ts';
import { EXIT, nearestName, PlayfoldError } from '../errors.ts';
import type { InputFile } from './inputs.ts';
import { type Column, describeColumns } from './readers.ts';

/** The input columns of SPEC.md section 1. */
export const REQUIRED_COLUMNS = [
  'timestamp',
  'userId',
  'sessionId',
  'videoId',
  'eventName',
  'currentTime',
] as const;
export const FROM_COLUMN = 'fromTime';

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

/** What a scan needs to know of a file's columns. */
export interface SourceColumns {
  readonly expressions: ColumnExpressions;
  /** Files of one format and signature can be read by one query. */
  readonly signature: string;
  /** The columns to read from NDJSON, all as text: a value of another type is then a bad value, not an error. */
  readonly names: readonly string[];
}

/**
 * The columns of a file, as SQL expressions. Throws a PlayfoldError (input) naming the missing column, those
 * found and the nearest of them.
 */
export async function readColumns(
  database: Database,
  file: InputFile,
  config: Config,
): Promise<SourceColumns> {
  const described = await describeColumns(database, file);
  const columns =
    file.format === 'ndjson' ? described.map(({ name }) => ({ name, type: 'VARCHAR' })) : described;
  const byName = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const find = (name: string): Column => {
    const column = byName.get(name.toLowerCase());
    if (column === undefined) throw missingColumn(file, name, columns);
    return column;
  };
  const from = byName.get(FROM_COLUMN.toLowerCase());
  const expressions = {
    timestampUs: timestampExpression(find('timestamp'), config.timestampUnit),
    userId: textExpression(find('userId')),
    sessionId: textExpression(find('sessionId')),
    videoId: textExpression(find('videoId')),
    eventName: textExpression(find('eventName')),
    currentTime: secondsExpression(find('currentTime')),
    fromTime: from === undefined ? null : secondsExpression(from),
  };
  const names = [...REQUIRED_COLUMNS.map(find), ...(from === undefined ? [] : [from])].map(
    ({ name }) => name,
  );
  return { expressions, names, signature: JSON.stringify([file.format, expressions, names]) };
}

function missingColumn(file: InputFile, name: string, columns: readonly Column[]): PlayfoldError {
  const found = columns.map((column) => column.name);
  const near = nearestName(name, found);
  const hint = near === undefined ? '' : ` The nearest is '${near}': rename it to '${name}'.`;
  return new PlayfoldError(
    `${file.path}: column '${name}' is missing; found: ${found.join(', ') || 'none'}.${hint}`,
    EXIT.input,
  );
}

function textExpression({ name, type }: Column): string {
  return type === 'VARCHAR' ? quoteName(name) : `CAST(${quoteName(name)} AS VARCHAR)`;
}

const NUMBER = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(.*\)|BIGNUM)$/;

function secondsExpression({ name, type }: Column): string {
  const column = quoteName(name);
  if (type === 'DOUBLE') return column;
  if (NUMBER.test(type)) return `CAST(${column} AS DOUBLE)`;
  if (type === 'VARCHAR' || type === 'JSON') return `TRY_CAST(trim(CAST(${column} AS VARCHAR)) AS DOUBLE)`;
  return 'NULL::DOUBLE';
}

/** Microseconds a unit, for numbers in SQL; `auto` goes by magnitude: 1e11 s is the year 5138. */
function unitFactor(number: string, unit: Config['timestampUnit']): string {
  const factors = { s: '1000000', ms: '1000', us: '1' };
  if (unit !== 'auto') return factors[unit];
  return `CASE WHEN abs(${number}) < 100000000000 THEN 1000000 WHEN abs(${number}) < 100000000000000 THEN 1000 ELSE 1 END`;
}

function epochExpression(number: string, whole: boolean, unit: Config['timestampUnit']): string {
  const factor = unitFactor(number, unit);
  return whole
    ? `TRY_CAST(${number}::HUGEINT * ${factor} AS BIGINT)`
    : `TRY_CAST(round(${number} * ${factor}) AS BIGINT)`;
}

function timestampExpression({ name, type }: Column, unit: Config['timestampUnit']): string {
  const column = quoteName(name);
  if (/^(TIMESTAMP|DATE)/.test(type)) {
    // epoch_us gives null for infinity. A cast to TIMESTAMP would cost ten times as much for TIMESTAMPTZ.
    return `epoch_us(${type.startsWith('DATE') ? `${column}::TIMESTAMP` : column})`;
  }
  if (/^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/.test(type)) return epochExpression(column, true, unit);
  if (NUMBER.test(type)) return epochExpression(`CAST(${column} AS DOUBLE)`, false, unit);
  const text = `trim(CAST(${column} AS VARCHAR))`;
  const time = `TRY_CAST(${text} AS TIMESTAMPTZ)`;
  return `CASE WHEN TRY_CAST(${text} AS BIGINT) IS NOT NULL THEN ${epochExpression(`TRY_CAST(${text} AS BIGINT)`, true, unit)} WHEN TRY_CAST(${text} AS DOUBLE) IS NOT NULL THEN ${epochExpression(`TRY_CAST(${text} AS DOUBLE)`, false, unit)} ELSE epoch_us(${time}) END`;
}
