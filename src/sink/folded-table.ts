import duckdb from '@duckdb/node-bindings';
import type { Database } from '../duckdb.ts';
import type { BatchPlace } from '../exchange/batch-writer.ts';
import { FOLDED_COLUMNS, readFoldedRows } from '../exchange/batches.ts';
import { readPlaces } from '../exchange/place-reader.ts';
import type { FoldedRows } from '../kernel/fold-kernel.ts';
import { CHUNK_ROWS, ROW_COLUMNS, ROW_WIDE_COLUMNS } from '../kernel/layout.ts';
import { copyValues, registerRowsTable } from './rows-table.ts';

/** The name of the table function; its columns are FOLDED_COLUMNS and `ranges`. */
export const FOLDED_TABLE = 'playfold_rows';

const { UBIGINT, BIGINT, INTEGER, DOUBLE } = duckdb.Type;

/**
 * Makes the folded rows a table function of the database: typed arrays are copied straight into DuckDB's vectors,
 * 40-50 ns a row.
 */
export function registerFoldedTable(
  database: Database,
  places: readonly BatchPlace[],
  rowCount: number,
  threads: number,
  name = FOLDED_TABLE,
): void {
  const numbers = FOLDED_COLUMNS.map((column, i) => ({ name: column, type: () => columnType(i) }));
  registerRowsTable<FoldedRows>(database, {
    ...{ name, rowCount, isExact: true, threads },
    columns: [...numbers, { name: 'ranges', type: rangesType }],
    open: () => readPlaces(places, readFoldedRows),
    fill: (vector, column, rows, from, end) => {
      if (column === ROW_COLUMNS) fillRanges(vector, rows, from, end);
      else if (column < ROW_COLUMNS) copyValues(vector, rows.columns[column]!.subarray(from, end));
    },
  });
}

function columnType(column: number): duckdb.LogicalType {
  if (column < 2) return duckdb.create_logical_type(UBIGINT);
  return duckdb.create_logical_type(column < ROW_WIDE_COLUMNS ? BIGINT : INTEGER);
}

function rangesType(): duckdb.LogicalType {
  const double = duckdb.create_logical_type(DOUBLE);
  return duckdb.create_list_type(duckdb.create_struct_type([double, double], ['start', 'end']));
}

/** Two u64 a row: where its ranges begin in the list, and how many they are. */
const rangeEntries = new Uint32Array(CHUNK_ROWS * 4);

function fillRanges(vector: duckdb.Vector, rows: FoldedRows, from: number, end: number): void {
  const first = rows.rangeOffsets[from]!;
  const last = rows.rangeOffsets[end]!;
  duckdb.list_vector_reserve(vector, last - first);
  duckdb.list_vector_set_size(vector, last - first);
  // Two u64 a row, offset and length, written as their lower halves: BigInt would cost 100 ns a row.
  const entries = rangeEntries.subarray(0, (end - from) * 4);
  entries.fill(0);
  for (let row = from; row < end; row++) {
    const start = rows.rangeOffsets[row]!;
    entries[(row - from) * 4] = start - first;
    entries[(row - from) * 4 + 2] = rows.rangeOffsets[row + 1]! - start;
  }
  duckdb.copy_data_to_vector(vector, 0, rangeEntries.buffer, 0, entries.byteLength);
  const range = duckdb.list_vector_get_child(vector);
  copyValues(duckdb.struct_vector_get_child(range, 0), rows.rangeStarts.subarray(first, last));
  copyValues(duckdb.struct_vector_get_child(range, 1), rows.rangeEnds.subarray(first, last));
}
