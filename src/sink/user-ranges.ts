import type { Database } from '../duckdb.ts';
import type { PartitionFold } from '../fold/fold.ts';
import { FOLDED_TABLE, registerFoldedTable } from './folded-table.ts';
import { isInRange } from './hash-ranges.ts';
import { PARTITION_KEYS } from './keys.ts';
import { partitionKeysOf } from './write.ts';

/**
 * What joining a user takes, and the part of a run's memory that may go to it: where a join does not fit, DuckDB spills
 * both of its sides. 20M users are joined in a third of that time in 512 MB.
 */
const BYTES_A_USER = 100;
const MEMORY_PART = 1 / 4;

/** The folded rows of some users, and these. */
export interface UserRange {
  /** SQL for a table of the rows. */
  readonly rows: string;
  /** The table of the users (hash, id). */
  readonly users: string;
  /** SQL for a table of the values that the SQL `key` takes in the rows. */
  readonly partitionKeys: (key: string) => string;
  /** How names of files with these rows begin: no two ranges share one. */
  readonly fileName: string;
}

export interface RangeSettings {
  /** Of the run, a power of two. */
  readonly partitionCount: number;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly usersAtOnce?: number | undefined;
}

/** All users and their rows, range by range; each range is there until the next is asked for. */
export async function* userRanges(
  database: Database,
  folds: readonly PartitionFold[],
  { partitionCount, threads, memoryBytes, ...settings }: RangeSettings,
): AsyncGenerator<UserRange> {
  const [row] = await database.rows<{ users: number }>(`SELECT count(*)::DOUBLE AS users FROM users`);
  const usersAtOnce = settings.usersAtOnce ?? (memoryBytes * MEMORY_PART) / BYTES_A_USER;
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, (row?.users ?? 0) / usersAtOnce)));
  const count = Math.min(wanted, partitionCount);
  if (count === 1) {
    const all = { rows: `${FOLDED_TABLE}()`, users: 'users', partitionKeys: () => PARTITION_KEYS };
    yield { ...all, fileName: 'data' };
    return;
  }
  const users = 'users_in_range';
  for (let range = 0; range < count; range++) {
    const own = folds.filter(({ partition }) => Math.floor((partition * count) / partitionCount) === range);
    const rowCount = own.reduce((sum, fold) => sum + fold.rowCount, 0);
    if (rowCount === 0) continue;
    const places = own.flatMap((fold) => fold.places);
    const table = `${FOLDED_TABLE}_${range}`;
    registerFoldedTable(database, places, rowCount, threads, table);
    // A table of its own: of a condition, DuckDB guesses how many rows it leaves, and joins the wrong way round.
    const condition = isInRange('hash', range, count);
    await database.run(`CREATE TEMP TABLE ${users} AS SELECT * FROM users WHERE ${condition}`);
    const rows = `${table}()`;
    yield { rows, users, partitionKeys: partitionKeysOf(rows), fileName: `data_${range}` };
    await database.run(`DROP TABLE ${users}`);
  }
}
