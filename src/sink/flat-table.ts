import duckdb from '@duckdb/node-bindings';
import type { Database } from '../duckdb.ts';
import { CHUNK_ROWS } from '../kernel/layout.ts';
import { copyValues } from './folded-table.ts';

const { UBIGINT, BIGINT, INTEGER } = duckdb.Type;

/** Integers, column by column: unsigned or signed of 64 bits, or signed of 32. */
export interface FlatRows {
  readonly rowCount: number;
  readonly columns: readonly (BigUint64Array | BigInt64Array | Int32Array)[];
}

export interface FlatColumn {
  readonly name: string;
  readonly type: 'u64' | 'i64' | 'i32';
}

const TYPES = { u64: UBIGINT, i64: BIGINT, i32: INTEGER };

/**
 * Makes rows of integers a table function of the database. `open` begins a scan of them; `rowCount`, which may be
 * an estimate, goes to the planner.
 */
export function registerFlatTable(
  database: Database,
  name: string,
  columns: readonly FlatColumn[],
  rowCount: number,
  open: () => Iterator<FlatRows>,
): void {
  const table = duckdb.create_table_function();
  duckdb.table_function_set_name(table, name);
  duckdb.table_function_supports_projection_pushdown(table, true);
  duckdb.table_function_set_bind(table, (info) => {
    for (const column of columns)
      duckdb.bind_add_result_column(info, column.name, duckdb.create_logical_type(TYPES[column.type]));
    duckdb.bind_set_cardinality(info, rowCount, false);
  });
  duckdb.table_function_set_init(table, (info) => {
    const wanted = Array.from({ length: duckdb.init_get_column_count(info) }, (_, i) =>
      duckdb.init_get_column_index(info, i),
    );
    duckdb.init_set_max_threads(info, 1);
    duckdb.init_set_init_data(info, new FlatScan(wanted, open()));
  });
  duckdb.table_function_set_function(table, (info, output) => {
    try {
      (duckdb.function_get_init_data(info) as FlatScan).fill(output);
    } catch (error) {
      duckdb.function_set_error(info, String(error));
    }
  });
  database.registerTableFunction(table);
}

/** A scan under way: which columns are wanted, and the rows not yet given out. */
class FlatScan {
  private readonly wanted: readonly number[];
  private readonly batches: Iterator<FlatRows>;
  private rows: FlatRows = { rowCount: 0, columns: [] };
  private next = 0;

  constructor(wanted: readonly number[], batches: Iterator<FlatRows>) {
    this.wanted = wanted;
    this.batches = batches;
  }

  fill(output: duckdb.DataChunk): void {
    while (this.next === this.rows.rowCount) {
      const batch = this.batches.next();
      if (batch.done) {
        duckdb.data_chunk_set_size(output, 0);
        return;
      }
      this.rows = batch.value;
      this.next = 0;
    }
    const from = this.next;
    this.next = Math.min(from + CHUNK_ROWS, this.rows.rowCount);
    duckdb.data_chunk_set_size(output, this.next - from);
    for (const [place, column] of this.wanted.entries()) {
      const values = this.rows.columns[column];
      // A count of rows asks for no column of the table.
      if (values !== undefined)
        copyValues(duckdb.data_chunk_get_vector(output, place), values.subarray(from, this.next));
    }
  }
}
