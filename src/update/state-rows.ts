import { join } from 'node:path';
import { type Database, quoteText } from '../duckdb.ts';
import { FOLDED_TABLE } from '../sink/folded-table.ts';
import { parquetFiles } from '../sink/write.ts';
import { STATE_COLUMNS, uniteRowsSql } from './unite-rows.ts';

/** The table function of the rows from the horizon on. */
export const OPEN_TABLE = 'playfold_open';

/**
 * What a state is read with most is a join with few of its rows: LZ4 takes a fifth more room than ZSTD and half the time,
 * and the encodings of version 2 a seventh less room and a sixth less time than those of version 1.
 */
const STATE_PARQUET = 'FORMAT parquet, PARQUET_VERSION v2, COMPRESSION lz4_raw, WRITE_BLOOM_FILTER false';

/** Rows of a part of the state that is united at once. */
const ROWS_AT_ONCE = 1_000_000;

const COLUMN_LIST = STATE_COLUMNS.join(', ');

/** SQL for a table function's rows in the columns of the state. */
export const foldedRows = (table: string): string => `SELECT ${COLUMN_LIST} FROM ${table}()`;

/** SQL for the rows of some Parquet files of the state; of none, for no rows. */
export function stateRows(paths: readonly string[]): string {
  return paths.length === 0 ? `(${foldedRows(FOLDED_TABLE)} LIMIT 0)` : parquetFiles(paths);
}

/** Writes rows of the state. */
export async function writeStateFile(database: Database, rows: string, path: string): Promise<void> {
  await database.run(`COPY (${rows}) TO ${quoteText(path)} (${STATE_PARQUET})`);
}

/**
 * Writes the rows of `paths` anew, one row a pair, without the pairs of the table `without`, if any. Part by part,
 * so that memory does not grow with the state. Returns the names of the files.
 */
export async function compactStateRows(
  database: Database,
  paths: readonly string[],
  folder: string,
  stamp: string,
  { without, uniqueSeconds }: { without: string | null; uniqueSeconds: boolean },
): Promise<string[]> {
  if (paths.length === 0) return [];
  const [row] = await database.rows<{ rows: number }>(
    `SELECT count(*)::DOUBLE AS rows FROM ${stateRows(paths)}`,
  );
  const bits = Math.ceil(Math.log2(Math.max(1, (row?.rows ?? 0) / ROWS_AT_ONCE)));
  const files: string[] = [];
  for (let part = 0; part < 2 ** bits; part++) {
    const inPart = bits === 0 ? '' : `WHERE userHash >> ${64 - bits} = ${part}`;
    const kept = without === null ? '' : `ANTI JOIN ${without} USING (userHash, videoHash)`;
    const pieces = `SELECT rows.* FROM (SELECT * FROM ${stateRows(paths)} ${inPart}) AS rows ${kept}`;
    const file = `rows-${stamp}-${part}.parquet`;
    await writeStateFile(
      database,
      `SELECT ${COLUMN_LIST} FROM (${uniteRowsSql(pieces, uniqueSeconds)})`,
      join(folder, file),
    );
    files.push(file);
  }
  return files;
}
