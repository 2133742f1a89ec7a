import duckdb from '@duckdb/node-bindings';
import type { Database } from '../duckdb.ts';
import { copyValues, registerRowsTable } from './rows-table.ts';

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
 * Makes rows of integers a table function of the database. `open` begins a scan of them; `rowCount` may be an
 * estimate.
 */
export function registerFlatTable(
  database: Database,
  name: string,
  columns: readonly FlatColumn[],
  rowCount: number,
  open: () => Iterator<FlatRows>,
): void {
  registerRowsTable<FlatRows>(database, {
    ...{ name, rowCount, isExact: false, threads: 1, open },
    columns: columns.map((column) => ({
      name: column.name,
      type: () => duckdb.create_logical_type(TYPES[column.type]),
    })),
    fill: (vector, column, rows, from, end) => {
      const values = rows.columns[column];
      if (values !== undefined) copyValues(vector, values.subarray(from, end));
    },
  });
}
