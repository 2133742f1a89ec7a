import { join } from 'node:path';
import { type Database, quoteName, quotePath, quoteText } from '../duckdb.ts';
import { FLAG_REASON_SHIFT } from '../kernel/layout.ts';
import { INVALID_REASONS } from '../kernel/scan-kernel.ts';
import type { InputFile } from './formats.ts';
import { type Column, jsonEvent, jsonReaderOf, NO_OBJECT, readerOf } from './readers.ts';
import { MALFORMED } from './row-reasons.ts';
import { ROW_COLUMN } from './sieve.ts';

/** What a scan reads and passes on in addition, to keep what an invalid row held. SQL. */
export interface InvalidRowSource {
  readonly from: string;
  /** Select list beside the call of the push function: cheap, because it is there for every row. */
  readonly passed: string;
  /** Select list behind the filter, where only invalid rows and new ids are left. */
  readonly kept: string;
}

const row = quoteName(ROW_COLUMN);
const JSON_COLUMN = quoteName('playfold json');

/** `files` are one file, or its sieved copy; `names` are the columns that the scan reads. */
export function invalidRowSource(
  files: readonly InputFile[],
  columns: readonly Column[],
  names: readonly string[],
): InvalidRowSource {
  const [file] = files as [InputFile];
  return file.format === 'ndjson' ? sourceOfJson(file, names) : sourceOfColumns(file, columns);
}

function sourceOfJson(file: InputFile, names: readonly string[]): InvalidRowSource {
  // A sieved copy has a record's number as its first key.
  const number = `coalesce((json ->> ${quoteText(`$."${ROW_COLUMN}"`)})::BIGINT, row_number() OVER ())`;
  const text = `regexp_replace(json::VARCHAR, ${quoteText(`^\\{"${ROW_COLUMN}":\\d+,?`)}, '{')`;
  return {
    from: `(SELECT event.*, json AS ${JSON_COLUMN}, ${row} FROM (
        SELECT json, ${number} AS ${row}, ${jsonEvent(names)} AS event FROM ${jsonReaderOf([file])}
      ))`,
    passed: `${JSON_COLUMN} AS json, ${row} AS invalidRow`,
    kept: `invalidRow, ${reasonOf(`WHEN ${NO_OBJECT} THEN ${quoteText(MALFORMED)}`)} AS invalidReason, ${text} AS content`,
  };
}

function sourceOfColumns(file: InputFile, columns: readonly Column[]): InvalidRowSource {
  const own = columns.map((column, i) => ({ ...column, alias: `playfold${i}` }));
  const pairs = own.map(({ name, type, alias }) => `${quoteText(name)}, ${jsonOf(alias, type)}`);
  const isCopy = file.dialect?.columns[0] === ROW_COLUMN;
  const number = file.format === 'parquet' ? 'file_row_number + 1' : isCopy ? row : 'row_number() OVER ()';
  const reader = readerOf([file], { rowNumbers: true });
  return {
    from: isCopy ? reader : `(SELECT *, ${number} AS ${row} FROM ${reader})`,
    passed: [...own.map(({ name, alias }) => `${quoteName(name)} AS ${alias}`), `${row} AS invalidRow`].join(
      ', ',
    ),
    kept: `invalidRow, ${reasonOf('')} AS invalidReason, json_object(${pairs.join(', ')}) AS content`,
  };
}

/** JSON knows no NaN and no infinity, and few of its readers more than 53 bits. */
function jsonOf(alias: string, type: string): string {
  if (type === 'FLOAT' || type === 'DOUBLE')
    return `CASE WHEN isfinite(${alias}) THEN to_json(${alias}) ELSE to_json(${alias}::VARCHAR) END`;
  return /FLOAT|DOUBLE|BIGINT|HUGEINT|DECIMAL|BLOB|BIT/.test(type) ? `to_json(${alias}::VARCHAR)` : alias;
}

/** The reason that the kernel left in a row's flag; null for a row that is there for its ids. */
function reasonOf(before: string): string {
  const cases = INVALID_REASONS.map(
    (reason, i) => `WHEN wanted >> ${FLAG_REASON_SHIFT} = ${i + 1} THEN ${quoteText(reason)}`,
  );
  return `CASE WHEN wanted >> ${FLAG_REASON_SHIFT} = 0 THEN NULL ${before} ${cases.join(' ')} END`;
}

/** Where the rows of a slice are kept: those that DuckDB could read, and lines that it could not. */
export interface QuarantinePaths {
  readonly rows: string;
  readonly lines: string;
}

export function quarantinePaths(folder: string, index: number): QuarantinePaths {
  const number = String(index).padStart(5, '0');
  return { rows: join(folder, `rows-${number}.ndjson`), lines: join(folder, `lines-${number}.ndjson`) };
}

/** Writes what a scan kept of the invalid rows of `file` as NDJSON. */
export async function writeInvalidRows(
  database: Database,
  textsPath: string,
  file: InputFile,
  path: string,
): Promise<void> {
  const content = file.format === 'ndjson' ? 'content AS text' : `content::JSON AS "values"`;
  await database.run(
    `COPY (
       SELECT ${quoteText(file.name)} AS file, invalidRow::BIGINT AS row, invalidReason AS reason, ${content}
       FROM read_parquet(${quotePath(textsPath)}) WHERE invalidReason IS NOT NULL
     ) TO ${quoteText(path)} (FORMAT json)`,
  );
}
