import { type Database, quoteText } from '../duckdb.ts';

/** A dictionary stands in every row group: it may weigh so much a row. */
const DICTIONARY_BYTES_A_ROW = 8;
/** Half the usual size takes half the memory and no more time. */
export const ROWS_A_GROUP = 61_440;

/** SQL for one of a few fixed texts as an ENUM of all of them. See encodeVideos for what it spares. */
export function enumSql(values: readonly string[]): string {
  return `ENUM(${values.map(quoteText).join(', ')})`;
}

/**
 * Makes ids, titles and sources of the table durations ENUMs where they are few beside the rows: DuckDB writes these
 * into Parquet as they are, and would otherwise look each text up in a dictionary that it builds. Readers find
 * texts. With tiers and flags that takes 200 of the 1300 ns that a written row costs. `partitionKeys` is SQL for a table
 * with a row for each partition.
 */
export async function encodeVideos(
  database: Database,
  rowCount: number,
  partitionKeys: string,
): Promise<void> {
  const [size] = await database.rows<{ bytes: number; titles: number; partitions: number }>(
    `SELECT coalesce(sum(strlen(id) + coalesce(strlen(title), 0) + 8), 0)::DOUBLE AS bytes,
       count(title)::DOUBLE AS titles, (SELECT count(*) FROM ${partitionKeys})::DOUBLE AS partitions FROM durations`,
  );
  const { bytes, titles, partitions } = size ?? { bytes: 0, titles: 0, partitions: 0 };
  const rowsAGroup = Math.min(ROWS_A_GROUP, rowCount / Math.max(1, partitions));
  if (bytes === 0 || bytes > rowsAGroup * DICTIONARY_BYTES_A_ROW) return;
  await encode(database, 'id');
  if (titles > 0) await encode(database, 'title');
}

async function encode(database: Database, column: 'id' | 'title'): Promise<void> {
  await database.run(
    `CREATE TYPE video_${column} AS ENUM (SELECT DISTINCT ${column} FROM durations WHERE ${column} IS NOT NULL ORDER BY 1)`,
  );
  await database.run(`ALTER TABLE durations ALTER ${column} TYPE video_${column}`);
}
