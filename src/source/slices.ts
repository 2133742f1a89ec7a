import type { Config } from '../config/schema.ts';
import { type Database, quotePath } from '../duckdb.ts';
import { type ColumnExpressions, checkFromTime, readColumns, type SourceColumns } from './columns.ts';
import { withDialect } from './csv-dialect.ts';
import type { InputFile } from './formats.ts';
import { type Column, describeColumns, unreadable } from './readers.ts';

/** One unit of scan work: some files, or some row groups of one Parquet file. Plain data. */
export interface ScanSlice {
  /** For progress and errors: the file, or how many. */
  readonly label: string;
  /** Written alike, so that one query reads them; one where invalid rows are kept. */
  readonly files: readonly InputFile[];
  /** Columns to read from JSON. */
  readonly names: readonly string[];
  /** Whether `where` speaks of file_row_number. */
  readonly rowNumbers: boolean;
  /** All columns, where invalid rows are kept. */
  readonly describedColumns: readonly Column[];
  /** SQL: a condition on the rows of the slice, or null for all. */
  readonly where: string | null;
  readonly expressions: ColumnExpressions;
  readonly columns: SourceColumns;
  /** Exact for Parquet, by size otherwise. */
  readonly rowEstimate: number;
}

/** Rows that a slice aims at: about ten row groups, so that starting a query costs nothing beside it. */
const SLICE_ROWS = 1_250_000;
const BYTES_PER_TEXT_ROW = 150;

/** A time window: rows with since <= timestamp < until and rows without a timestamp. Microseconds. */
export interface TimeWindow {
  readonly sinceUs: bigint | null;
  readonly untilUs: bigint | null;
}

interface DescribedFile {
  readonly file: InputFile;
  readonly columns: SourceColumns;
  readonly rowGroups: readonly number[];
  readonly describedColumns: readonly Column[];
}

/** What to read of the files. */
export interface SliceOptions extends TimeWindow {
  /** A slice is then of one file, and knows all its columns. */
  readonly keepInvalid: boolean;
  readonly tempFolder: string;
}

/**
 * Divides files into slices. Borders lie on row groups, because a row group that two slices share is decoded
 * twice; small files with the same columns share a slice. Throws a PlayfoldError (input) for unreadable files.
 */
export async function planSlices(
  database: Database,
  files: readonly InputFile[],
  config: Config,
  options: SliceOptions,
): Promise<ScanSlice[]> {
  const slices: ScanSlice[] = [];
  let shared: DescribedFile[] = [];
  const flush = (): void => {
    if (shared.length > 0) slices.push(sliceOfFiles(shared, options));
    shared = [];
  };
  for (const found of files) {
    if (found.byteLength === 0) continue;
    const file = await withDialect(database, found, options.tempFolder);
    const columns = await readColumns(database, file, config);
    const rowGroups = file.format === 'parquet' ? await readRowGroups(database, file) : [];
    const describedColumns = options.keepInvalid ? await describeColumns(database, file) : [];
    const described = { file, columns, rowGroups, describedColumns };
    if (rowsOf(described) > SLICE_ROWS && rowGroups.length > 1) {
      slices.push(...slicesOfRowGroups(described, options));
      continue;
    }
    const first = shared[0];
    const sharedRows = shared.reduce((sum, other) => sum + rowsOf(other), 0);
    const fits =
      sharedRows + rowsOf(described) <= SLICE_ROWS &&
      first !== undefined &&
      !options.keepInvalid &&
      isReadAlike(first, described);
    if (first !== undefined && !fits) flush();
    shared.push(described);
  }
  flush();
  checkFromTime(
    slices.map(({ columns }) => columns),
    config,
  );
  return slices;
}

/** Whether one query reads both: the same expressions, and files that are written alike. */
function isReadAlike(a: DescribedFile, b: DescribedFile): boolean {
  const manner = ({ file: { compression, jsonLayout, dialect } }: DescribedFile): string =>
    JSON.stringify([compression, jsonLayout, dialect]);
  return a.columns.signature === b.columns.signature && manner(a) === manner(b);
}

function rowsOf({ file, rowGroups }: DescribedFile): number {
  if (file.format === 'parquet') return rowGroups.reduce((sum, rows) => sum + rows, 0);
  return Math.ceil(file.byteLength / BYTES_PER_TEXT_ROW);
}

async function readRowGroups(database: Database, file: InputFile): Promise<number[]> {
  try {
    const groups = await database.rows<{ rows: number }>(
      `SELECT any_value(row_group_num_rows)::DOUBLE AS rows FROM parquet_metadata(${quotePath(file.path)})
       GROUP BY row_group_id ORDER BY row_group_id`,
    );
    return groups.map((group) => group.rows);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function sliceOfFiles(described: readonly DescribedFile[], window: TimeWindow): ScanSlice {
  const { file, columns, describedColumns } = described[0]!;
  const files = described.map((one) => one.file);
  return {
    label: files.length === 1 ? file.name : `${file.name} and ${files.length - 1} more`,
    files,
    names: columns.names,
    rowNumbers: false,
    describedColumns,
    where: windowCondition(columns.expressions, window),
    expressions: columns.expressions,
    columns,
    rowEstimate: described.reduce((sum, one) => sum + rowsOf(one), 0),
  };
}

function slicesOfRowGroups(
  { file, columns, rowGroups, describedColumns }: DescribedFile,
  window: TimeWindow,
): ScanSlice[] {
  const slices: ScanSlice[] = [];
  const inWindow = windowCondition(columns.expressions, window);
  let first = 0;
  let end = 0;
  const push = (): void => {
    const inSlice = `file_row_number >= ${first} AND file_row_number < ${end}`;
    slices.push({
      label: `${file.name} rows ${first} to ${end}`,
      files: [file],
      names: columns.names,
      rowNumbers: true,
      describedColumns,
      where: inWindow === null ? inSlice : `${inSlice} AND ${inWindow}`,
      expressions: columns.expressions,
      columns,
      rowEstimate: end - first,
    });
    first = end;
  };
  for (const rows of rowGroups) {
    if (end > first && end + rows - first > SLICE_ROWS) push();
    end += rows;
  }
  push();
  return slices;
}

function windowCondition({ timestampUs }: ColumnExpressions, window: TimeWindow): string | null {
  const bounds: string[] = [];
  if (window.sinceUs !== null) bounds.push(`${timestampUs} >= ${window.sinceUs}`);
  if (window.untilUs !== null) bounds.push(`${timestampUs} < ${window.untilUs}`);
  return bounds.length === 0 ? null : `((${bounds.join(' AND ')}) OR ${timestampUs} IS NULL)`;
}
