import duckdb from '@duckdb/node-bindings';
import type { Database } from '../duckdb.ts';
import { CHUNK_ROWS } from '../kernel/layout.ts';

/** Batches of rows as a table of the database. */
export interface RowsTable<Rows extends { readonly rowCount: number }> {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: () => duckdb.LogicalType }[];
  /** Goes to the planner: without it DuckDB builds joins on the wrong side. */
  readonly rowCount: number;
  readonly isExact: boolean;
  /** How many threads may ask for rows. */
  readonly threads: number;
  /** Begins a scan of the rows. */
  readonly open: () => Iterator<Rows>;
  /** Fills a vector with a column of the rows in [from, end). A count of rows asks for a column behind the last. */
  readonly fill: (vector: duckdb.Vector, column: number, rows: Rows, from: number, end: number) => void;
}

/** A scan under way: which columns are wanted, and the rows not yet given out. */
interface Scan<Rows> {
  readonly wanted: readonly number[];
  readonly batches: Iterator<Rows>;
  rows: Rows | null;
  next: number;
}

/** Makes batches of rows a table function of the database. */
export function registerRowsTable<Rows extends { readonly rowCount: number }>(
  database: Database,
  { name, columns, rowCount, isExact, threads, open, fill }: RowsTable<Rows>,
): void {
  const table = duckdb.create_table_function();
  duckdb.table_function_set_name(table, name);
  duckdb.table_function_supports_projection_pushdown(table, true);
  duckdb.table_function_set_bind(table, (info) => {
    for (const column of columns) duckdb.bind_add_result_column(info, column.name, column.type());
    duckdb.bind_set_cardinality(info, rowCount, isExact);
  });
  duckdb.table_function_set_init(table, (info) => {
    const wanted = Array.from({ length: duckdb.init_get_column_count(info) }, (_, i) =>
      duckdb.init_get_column_index(info, i),
    );
    duckdb.init_set_max_threads(info, threads);
    const scan: Scan<Rows> = { wanted, batches: open(), rows: null, next: 0 };
    duckdb.init_set_init_data(info, scan);
  });
  duckdb.table_function_set_function(table, (info, output) => {
    try {
      fillChunk(duckdb.function_get_init_data(info) as Scan<Rows>, output, fill);
    } catch (error) {
      duckdb.function_set_error(info, String(error));
    }
  });
  database.registerTableFunction(table);
}

function fillChunk<Rows extends { readonly rowCount: number }>(
  scan: Scan<Rows>,
  output: duckdb.DataChunk,
  fill: RowsTable<Rows>['fill'],
): void {
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
  for (const [place, column] of scan.wanted.entries())
    fill(duckdb.data_chunk_get_vector(output, place), column, scan.rows, from, end);
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
