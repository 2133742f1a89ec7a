import { join } from 'node:path';
import { type Database, quoteText } from '../duckdb.ts';
import { FOLDED_TABLE } from '../sink/folded-table.ts';
import { parquetFiles } from '../sink/write.ts';
import { STATE_COLUMNS, uniteRowsSql } from './unite-rows.ts';
import { createUserClusters, inClusters, unordered } from './user-clusters.ts';

/** The table function of the rows from the horizon on. */
export const OPEN_TABLE = 'playfold_open';

/**
 * What a state is read with most is a join with few of its rows: LZ4 takes a fifth more room than ZSTD and half the time,
 * and the encodings of version 2 a seventh less room and a sixth less time than those of version 1.
 */
const STATE_PARQUET = 'FORMAT parquet, PARQUET_VERSION v2, COMPRESSION lz4_raw, WRITE_BLOOM_FILTER false';

/** Rows of a part of the state that is ordered, or united, at once: DuckDB holds 200 bytes of each, twice where it sorts. */
export const rowsAtOnce = (memoryBytes: number): number => Math.min(1_000_000, memoryBytes / 1500);
/** Fewer than DuckDB's: what is read of the state begins and ends with a cluster. */
const ROWS_A_GROUP = 61_440;

export const COLUMN_LIST = STATE_COLUMNS.join(', ');

/** SQL for a table function's rows in the columns of the state. */
export const foldedRows = (table: string): string => `SELECT ${COLUMN_LIST} FROM ${table}()`;

/** SQL for the rows of some Parquet files of the state, with their clusters; of none, for no rows. */
export function stateRows(paths: readonly string[]): string {
  return paths.length === 0 ? `(${unordered(foldedRows(FOLDED_TABLE))} LIMIT 0)` : parquetFiles(paths);
}

/** Writes a file of the state. */
export async function writeStateFile(database: Database, rows: string, path: string): Promise<void> {
  await database.run(`COPY (${rows}) TO ${quoteText(path)} (${STATE_PARQUET})`);
}

/** Writes rows of the state in the order of USER_CLUSTERS. */
export async function writeClusters(database: Database, rows: string, path: string): Promise<void> {
  const settings = `${STATE_PARQUET}, ROW_GROUP_SIZE ${ROWS_A_GROUP}`;
  await database.run(
    `COPY (${inClusters(rows, 'userHash')} ORDER BY cluster) TO ${quoteText(path)} (${settings})`,
  );
}

export interface CompactSettings {
  /** A table of pairs to leave out, or null. */
  readonly without: string | null;
  readonly uniqueSeconds: boolean;
  readonly memoryBytes: number;
}

/**
 * Writes the rows of `paths` anew, by clusters, one row a pair. Part by part, so that memory does not
 * grow with the state. Returns the names of the files.
 */
export async function compactStateRows(
  database: Database,
  paths: readonly string[],
  folder: string,
  stamp: string,
  { without, uniqueSeconds, memoryBytes }: CompactSettings,
): Promise<string[]> {
  await createUserClusters(database, stateRows(paths));
  if (paths.length === 0) return [];
  const [row] = await database.rows<{ rows: number }>(
    `SELECT count(*)::DOUBLE AS rows FROM ${stateRows(paths)}`,
  );
  const bits = Math.ceil(Math.log2(Math.max(1, (row?.rows ?? 0) / rowsAtOnce(memoryBytes))));
  const files: string[] = [];
  for (let part = 0; part < 2 ** bits; part++) {
    const inPart = bits === 0 ? '' : `WHERE userHash >> ${64 - bits} = ${part}`;
    const kept = without === null ? '' : `ANTI JOIN ${without} USING (userHash, videoHash)`;
    const pieces = `SELECT rows.* FROM (SELECT ${COLUMN_LIST} FROM ${stateRows(paths)} ${inPart}) AS rows ${kept}`;
    const file = `rows-${stamp}-${part}.parquet`;
    const united = `SELECT ${COLUMN_LIST} FROM (${uniteRowsSql(pieces, uniqueSeconds)})`;
    await writeClusters(database, united, join(folder, file));
    files.push(file);
  }
  return files;
}
