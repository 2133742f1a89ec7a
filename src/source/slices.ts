import type { Config } from '../config/schema.ts';
import { type Database, quotePath } from '../duckdb.ts';
import { PlayfoldError } from '../errors.ts';
import { type ColumnExpressions, checkFromTime, readColumns, type SourceColumns } from './columns.ts';
import type { InputFile } from './inputs.ts';
import { readerOf } from './readers.ts';

/** One unit of scan work: some files, or some row groups of one Parquet file. Plain data. */
export interface ScanSlice {
  /** For progress and errors: the file, or how many. */
  readonly label: string;
  /** The files it is of. */
  readonly paths: readonly string[];
  /** SQL: a table function call. */
  readonly from: string;
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
}

/**
 * Divides files into slices. Borders lie on row groups, because a row group that two slices share is decoded
 * twice; small files with the same columns share a slice. Throws a PlayfoldError (input) for unreadable files.
 */
export async function planSlices(
  database: Database,
  files: readonly InputFile[],
  config: Config,
  window: TimeWindow,
): Promise<ScanSlice[]> {
  const slices: ScanSlice[] = [];
  let shared: DescribedFile[] = [];
  const flush = (): void => {
    if (shared.length > 0) slices.push(sliceOfFiles(shared, window));
    shared = [];
  };
  for (const file of files) {
    if (file.byteLength === 0) continue;
    const columns = await readColumns(database, file, config);
    const rowGroups = file.format === 'parquet' ? await readRowGroups(database, file) : [];
    const described = { file, columns, rowGroups };
    if (rowsOf(described) > SLICE_ROWS && rowGroups.length > 1) {
      slices.push(...slicesOfRowGroups(described, window));
      continue;
    }
    const first = shared[0];
    const sharedRows = shared.reduce((sum, other) => sum + rowsOf(other), 0);
    const fits =
      sharedRows + rowsOf(described) <= SLICE_ROWS && first?.columns.signature === columns.signature;
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
    if (error instanceof PlayfoldError)
      throw new PlayfoldError(`${file.path}: cannot be read as parquet: ${error.message}`, error.exitCode);
    throw error;
  }
}

function sliceOfFiles(described: readonly DescribedFile[], window: TimeWindow): ScanSlice {
  const { file, columns } = described[0]!;
  const paths = described.map((one) => one.file.path);
  return {
    label: paths.length === 1 ? file.path : `${file.path} and ${paths.length - 1} more`,
    paths,
    from: readerOf(file.format, paths, { names: columns.names }),
    where: windowCondition(columns.expressions, window),
    expressions: columns.expressions,
    columns,
    rowEstimate: described.reduce((sum, one) => sum + rowsOf(one), 0),
  };
}

function slicesOfRowGroups({ file, columns, rowGroups }: DescribedFile, window: TimeWindow): ScanSlice[] {
  const slices: ScanSlice[] = [];
  const from = readerOf(file.format, [file.path], { rowNumbers: true });
  const inWindow = windowCondition(columns.expressions, window);
  let first = 0;
  let end = 0;
  const push = (): void => {
    const inSlice = `file_row_number >= ${first} AND file_row_number < ${end}`;
    slices.push({
      label: `${file.path} rows ${first} to ${end}`,
      paths: [file.path],
      from,
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
