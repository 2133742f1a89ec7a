import type { Config } from '../config/schema.ts';
import type { Database } from '../duckdb.ts';
import { type ColumnExpressions, checkFromTime, type SourceColumns } from './columns.ts';
import { type DescribedFile, describeFiles, type SliceOptions } from './described-files.ts';
import type { InputFile } from './formats.ts';
import type { Column } from './readers.ts';
import { filterCondition, type RowFilter } from './row-filter.ts';

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
/** Of packed text, on the low side: a run that is planned for too few rows folds too many at once. */
const UNPACKED_RATIO = 4;

/**
 * Divides files into slices. Borders lie on row groups, because a row group that two slices share is decoded
 * twice; small files with the same columns share a slice; row groups outside the window are left
 * out. Throws a PlayfoldError (input) for unreadable files.
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
  for (const described of await describeFiles(database, files, config, options)) {
    const { rowGroups } = described;
    if (rowGroups.length > 0 && !rowGroups.some(({ isWanted }) => isWanted)) continue;
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
  if (file.format === 'parquet') return rowGroups.reduce((sum, { rows }) => sum + rows, 0);
  return Math.ceil((file.byteLength * (file.compression === null ? 1 : UNPACKED_RATIO)) / BYTES_PER_TEXT_ROW);
}

function sliceOfFiles(described: readonly DescribedFile[], filter: RowFilter): ScanSlice {
  const { file, columns, describedColumns } = described[0]!;
  const files = described.map((one) => one.file);
  return {
    label: files.length === 1 ? file.name : `${file.name} and ${files.length - 1} more`,
    files,
    names: columns.names,
    rowNumbers: false,
    describedColumns,
    where: filterCondition(columns.expressions, filter),
    expressions: columns.expressions,
    columns,
    rowEstimate: described.reduce((sum, one) => sum + rowsOf(one), 0),
  };
}

function slicesOfRowGroups(
  { file, columns, rowGroups, describedColumns }: DescribedFile,
  filter: RowFilter,
): ScanSlice[] {
  const slices: ScanSlice[] = [];
  const inFilter = filterCondition(columns.expressions, filter);
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
      where: inFilter === null ? inSlice : `${inSlice} AND ${inFilter}`,
      expressions: columns.expressions,
      columns,
      rowEstimate: end - first,
    });
    first = end;
  };
  for (const { rows, isWanted } of rowGroups) {
    if (end > first && (!isWanted || end + rows - first > SLICE_ROWS)) push();
    end += rows;
    if (!isWanted) first = end;
  }
  if (end > first) push();
  return slices;
}
