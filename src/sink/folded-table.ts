import duckdb from '@duckdb/node-bindings';
import type { Database } from '../duckdb.ts';
import type { BatchPlace } from '../exchange/batch-writer.ts';
import { FOLDED_COLUMNS, readFoldedRows } from '../exchange/batches.ts';
import { readPlaces } from '../exchange/place-reader.ts';
import type { FoldedRows } from '../kernel/fold-kernel.ts';
import { CHUNK_ROWS, ROW_COLUMNS, ROW_WIDE_COLUMNS } from '../kernel/layout.ts';

/** The name of the table function; its columns are FOLDED_COLUMNS and `ranges`. */
export const FOLDED_TABLE = 'playfold_rows';

const { UBIGINT, BIGINT, INTEGER, DOUBLE } = duckdb.Type;

/** A scan under way: which columns are wanted, and the rows not yet given out. */
interface FoldedScan {
  readonly columns: readonly number[];
  readonly batches: Iterator<FoldedRows>;
  rows: FoldedRows | null;
  next: number;
}

/**
 * Makes the folded rows a table function of the database: typed arrays are copied straight into DuckDB's vectors,
 * 40-50 ns a row. `rowCount` goes to the planner: without it DuckDB builds joins on the wrong side.
 */
export function registerFoldedTable(
  database: Database,
  places: readonly BatchPlace[],
  rowCount: number,
  threads: number,
  name = FOLDED_TABLE,
): void {
  const table = duckdb.create_table_function();
  duckdb.table_function_set_name(table, name);
  duckdb.table_function_supports_projection_pushdown(table, true);
  duckdb.table_function_set_bind(table, (info) => {
    for (const [column, name] of FOLDED_COLUMNS.entries())
      duckdb.bind_add_result_column(info, name, duckdb.create_logical_type(columnType(column)));
    duckdb.bind_add_result_column(info, 'ranges', rangesType());
    duckdb.bind_set_cardinality(info, rowCount, true);
  });
  duckdb.table_function_set_init(table, (info) => {
    const columns = Array.from({ length: duckdb.init_get_column_count(info) }, (_, i) =>
      duckdb.init_get_column_index(info, i),
    );
    duckdb.init_set_max_threads(info, threads);
    const scan: FoldedScan = { columns, batches: readPlaces(places, readFoldedRows), rows: null, next: 0 };
    duckdb.init_set_init_data(info, scan);
  });
  duckdb.table_function_set_function(table, (info, output) => {
    try {
      fillChunk(duckdb.function_get_init_data(info) as FoldedScan, output);
    } catch (error) {
      duckdb.function_set_error(info, String(error));
    }
  });
  database.registerTableFunction(table);
}

function columnType(column: number): duckdb.Type {
  if (column < 2) return UBIGINT;
  return column < ROW_WIDE_COLUMNS ? BIGINT : INTEGER;
}

function rangesType(): duckdb.LogicalType {
  const double = duckdb.create_logical_type(DOUBLE);
  return duckdb.create_list_type(duckdb.create_struct_type([double, double], ['start', 'end']));
}

function fillChunk(scan: FoldedScan, output: duckdb.DataChunk): void {
  while (scan.rows === null || scan.next === scan.rows.rowCount) {
    const batch = scan.batches.next();
    if (batch.done) {
      duckdb.data_chunk_set_size(output, 0);
      return;
    }
    scan.rows = batch.value;
    scan.next = 0;
  }
  const from = scan.next;
  const end = Math.min(from + CHUNK_ROWS, scan.rows.rowCount);
  scan.next = end;
  duckdb.data_chunk_set_size(output, end - from);
  for (const [place, column] of scan.columns.entries()) {
    const vector = duckdb.data_chunk_get_vector(output, place);
    if (column === ROW_COLUMNS) fillRanges(vector, scan.rows, from, end);
    else if (column < ROW_COLUMNS) copyValues(vector, scan.rows.columns[column]!.subarray(from, end));
  }
}

/**
 * The binding takes ArrayBuffers only, and batches lie in shared memory: one copy, always into the same buffer,
 * because fresh ones made the garbage collector a fifth of the merge.
 */
let scratch = new Uint8Array(CHUNK_ROWS * 16);

export function copyValues(vector: duckdb.Vector, values: ArrayBufferView): void {
  const { buffer, byteOffset, byteLength } = values;
  if (byteLength > scratch.byteLength) scratch = new Uint8Array(byteLength * 2);
  scratch.set(new Uint8Array(buffer, byteOffset, byteLength));
  duckdb.copy_data_to_vector(vector, 0, scratch.buffer, 0, byteLength);
}

function fillRanges(vector: duckdb.Vector, rows: FoldedRows, from: number, end: number): void {
  const first = rows.rangeOffsets[from]!;
  const last = rows.rangeOffsets[end]!;
  duckdb.list_vector_reserve(vector, last - first);
  duckdb.list_vector_set_size(vector, last - first);
  // Two u64 a row, offset and length, written as their lower halves: BigInt would cost 100 ns a row.
  const entries = new Uint32Array(scratch.buffer, 0, (end - from) * 4);
  entries.fill(0);
  for (let row = from; row < end; row++) {
    const start = rows.rangeOffsets[row]!;
    entries[(row - from) * 4] = start - first;
    entries[(row - from) * 4 + 2] = rows.rangeOffsets[row + 1]! - start;
  }
  duckdb.copy_data_to_vector(vector, 0, scratch.buffer, 0, entries.byteLength);
  const range = duckdb.list_vector_get_child(vector);
  copyValues(duckdb.struct_vector_get_child(range, 0), rows.rangeStarts.subarray(first, last));
  copyValues(duckdb.struct_vector_get_child(range, 1), rows.rangeEnds.subarray(first, last));
}
