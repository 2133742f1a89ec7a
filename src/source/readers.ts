import { type Database, quotePath, quoteText, translateReadError } from '../duckdb.ts';
import { PlayfoldError } from '../errors.ts';
import type { InputFile } from './formats.ts';
import { sampleKeys } from './json-lines.ts';

/** A column of a file, with its DuckDB type. */
export interface Column {
  readonly name: string;
  readonly type: string;
}

/** Objects of a JSON array whose keys are its columns: a key that first stands further down is not seen. */
const SAMPLED_OBJECTS = 50_000;

/** Of CSV; DuckDB holds several buffers at once, which by default have 32 MB each. */
const MAX_LINE_BYTES = 2_097_152;
const CSV_BUFFER_BYTES = 4 * MAX_LINE_BYTES;

export interface ReaderOptions {
  /** The columns to read from JSON, all as text. */
  readonly names?: readonly string[];
  /** Adds file_row_number, from 0, to Parquet. */
  readonly rowNumbers?: boolean;
  /** Reads lines of JSON that are known to be objects: DuckDB's own reader refuses some, as for a key that is there twice. */
  readonly areObjects?: boolean;
}

/**
 * A table function call that reads files that are written alike: one format, compression, layout and dialect. In
 * a JSON array, what is no object is a row of nulls.
 */
export function readerOf(files: readonly InputFile[], options: ReaderOptions = {}): string {
  const { names = [], rowNumbers = false, areObjects = false } = options;
  const { format } = files[0]!;
  const list = `${pathList(files)}, hive_partitioning = false`;
  switch (format) {
    case 'parquet':
      return `read_parquet(${list}${rowNumbers ? ', file_row_number = true' : ''})`;
    case 'ndjson':
      return isLineJson(files[0]!) && !areObjects
        ? `read_json(${list}, ${jsonOptions(files[0]!)}, records = true, columns = ${textColumns(names)})`
        : `(SELECT event.* FROM (SELECT ${jsonEvent(names)} AS event FROM ${jsonReaderOf(files)}))`;
    case 'csv':
      return `read_csv(${list}, ${csvOptions(files[0]!)})`;
  }
}

/** A table function call with a JSON column `json`. */
export function jsonReaderOf(files: readonly InputFile[]): string {
  return `read_json_objects(${pathList(files)}, ${jsonOptions(files[0]!)})`;
}

const pathList = (files: readonly InputFile[]): string =>
  `[${files.map(({ path }) => quotePath(path)).join(', ')}]`;

const textColumns = (names: readonly string[]): string =>
  `{${names.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(', ')}}`;

/** Of every reader. Compression goes by content: DuckDB would go by the ending. */
const compressionOption = ({ compression }: InputFile): string =>
  `compression = '${compression ?? 'uncompressed'}'`;

/** Whether each line of the file is an object of its own. */
export function isLineJson({ format, jsonLayout }: InputFile): boolean {
  return format === 'ndjson' && jsonLayout === 'newline_delimited';
}

/** Not with ignore_errors, which gives nulls for a line that is whole behind one that is not. */
const jsonOptions = (file: InputFile): string => `format = '${file.jsonLayout}', ${compressionOption(file)}`;

/** SQL: the columns of a value of jsonReaderOf, as a struct of texts; nulls where it is no object. */
export function jsonEvent(names: readonly string[]): string {
  const shape = Object.fromEntries(names.map((name) => [name, 'VARCHAR']));
  return `json_transform(json, ${quoteText(JSON.stringify(shape))})`;
}

/** Not in strict mode, which refuses a mix of line ends: CsvRecords has judged every record before. */
function csvOptions(file: InputFile): string {
  if (file.dialect === null) return `${compressionOption(file)}, all_varchar = true, header = true`;
  const { delimiter, quote, escapeChar, skipLines, columns } = file.dialect;
  return (
    `${compressionOption(file)}, auto_detect = false, header = true, skip = ${skipLines}, strict_mode = false, ` +
    `max_line_size = ${MAX_LINE_BYTES}, buffer_size = ${CSV_BUFFER_BYTES}, delim = ${quoteText(delimiter)}, quote = ${quoteText(quote)}, escape = ${quoteText(escapeChar)}, ` +
    `columns = ${textColumns(columns)}`
  );
}

/** Names and DuckDB types of a file's columns; all are text in JSON and CSV. */
export async function describeColumns(database: Database, file: InputFile): Promise<Column[]> {
  if (file.dialect !== null) return file.dialect.columns.map((name) => ({ name, type: 'VARCHAR' }));
  try {
    if (file.format === 'ndjson') return await describeKeys(database, file);
    const rows = await database.rows<{ column_name: string; column_type: string }>(
      `DESCRIBE SELECT * FROM ${readerOf([file])}`,
    );
    // SQL text ends at a NUL: a column with one in its name cannot be named.
    return rows
      .filter((row) => !row.column_name.includes('\0'))
      .map((row) => ({ name: row.column_name, type: row.column_type }));
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Not by DuckDB's own detection: it descends into nested values, and deep ones end the process. */
async function describeKeys(database: Database, file: InputFile): Promise<Column[]> {
  const keys = isLineJson(file) ? await sampleKeys(file) : await readKeys(database, file);
  return keys.map((name) => ({ name, type: 'VARCHAR' }));
}

async function readKeys(database: Database, file: InputFile): Promise<string[]> {
  const keys = await database.rows<{ name: string }>(
    `SELECT name FROM (
       SELECT unnest(json_keys(json)) AS name, row FROM (
         SELECT json, row_number() OVER () AS row FROM ${jsonReaderOf([file])} LIMIT ${SAMPLED_OBJECTS}
       ) WHERE json_type(json) = 'OBJECT'
     ) GROUP BY name ORDER BY min(row), name`,
  );
  return keys.map(({ name }) => name);
}

/** SQL: whether a value of jsonReaderOf is no event. */
export const NO_OBJECT = `json_type(json) <> 'OBJECT'`;

/** Elements of JSON arrays that are no objects: DuckDB gives nulls for them, as for an object without keys. */
export async function countNoObjects(database: Database, files: readonly InputFile[]): Promise<number> {
  const [row] = await database.rows<{ count: number }>(
    `SELECT count(*)::DOUBLE AS count FROM ${jsonReaderOf(files)} WHERE ${NO_OBJECT}`,
  );
  return row?.count ?? 0;
}

/** Says which file could not be read, where DuckDB's error speaks of the data. */
export function unreadable(file: InputFile, error: unknown): unknown {
  const known = translateReadError(error);
  if (!(known instanceof PlayfoldError) || known.message.startsWith(file.name)) return known;
  return new PlayfoldError(
    `${file.name}: cannot be read as ${nameOf(file)}: ${known.message}`,
    known.exitCode,
  );
}

function nameOf({ format, jsonLayout }: InputFile): string {
  if (format !== 'ndjson') return format;
  return jsonLayout === 'newline_delimited' ? 'ndjson' : 'json';
}
