import { mkdir, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Config } from '../config/schema.ts';
import { type Database, quotePath, quoteText } from '../duckdb.ts';
import { engagementSql, type OutputColumn } from './engagement-sql.ts';
import { FOLDED_TABLE } from './folded-table.ts';
import { type PartitionBy, type PartitionColumn, partitionColumn } from './partitions.ts';

/** The folder of the main table; later tables get folders beside it. */
export const ENGAGEMENT = 'engagement';

export interface WriteSettings {
  readonly config: Config;
  readonly uniqueSeconds: boolean;
  readonly partitionBy: PartitionBy;
}

/**
 * Level 1: level 3 takes a fifth longer. Dictionaries above 4000 values and Bloom filters cost a sixth of the
 * time and save 2 % of the bytes. Row groups of half the usual size take half the memory and no more time.
 */
const PARQUET = `FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 4000,
  WRITE_BLOOM_FILTER false, ROW_GROUP_SIZE 61440`;

/** Up to so many partitions are written one by one: PARTITION_BY takes twice the time and memory of a plain COPY. */
const MAX_COPIES = 6;

/** SQL of a table's rows: with a partition column behind them, or only those that meet a condition. */
export type TableSql = (parts: {
  readonly partition?: OutputColumn | null;
  readonly condition?: string | null;
}) => string;

/** Joins the folded rows with ids, titles and durations, and writes them as zstd Parquet below `folder`. */
export function writeEngagement(
  database: Database,
  folder: string,
  rowCount: number,
  { config, uniqueSeconds, partitionBy }: WriteSettings,
): Promise<void> {
  return writePartitioned(database, join(folder, ENGAGEMENT), {
    rowCount,
    partitionBy,
    source: FOLDED_TABLE,
    sql: (parts) => engagementSql(config, uniqueSeconds, parts),
  });
}

/**
 * Writes a table in the folders that `partitionBy` asks for. Its rows come of the table function `source`, which
 * has the columns userHash and firstTimestampUs.
 */
export async function writePartitioned(
  database: Database,
  table: string,
  { rowCount, partitionBy, source, sql }: PartitionedTable,
): Promise<void> {
  await mkdir(table, { recursive: true });
  // A partitioned COPY of no rows writes no file; one file without rows tells readers the columns.
  const partition = rowCount === 0 ? null : partitionColumn(partitionBy);
  if (partition === null) {
    await writeFile(database, table, sql({}));
    return;
  }
  const values = await partitionValues(database, source, partition);
  if (values.length > MAX_COPIES) {
    const column: OutputColumn = [partition.name, partition.label.replace('key', partition.key)];
    await database.run(
      `COPY (${sql({ partition: column })}) TO ${quoteText(table)} (${PARQUET}, PARTITION_BY ("${partition.name}"))`,
    );
    return;
  }
  for (const { key, label } of values) {
    const condition = values.length === 1 ? null : `${partition.key} = ${quoteText(key)}`;
    await writeFile(database, join(table, `${partition.name}=${label}`), sql({ condition }));
  }
}

export interface PartitionedTable {
  readonly rowCount: number;
  readonly partitionBy: PartitionBy;
  readonly source: string;
  readonly sql: TableSql;
}

/** The partitions that occur, up to one more than are worth a COPY each. */
async function partitionValues(
  database: Database,
  source: string,
  { key, label }: PartitionColumn,
): Promise<{ key: string; label: string }[]> {
  return database.rows<{ key: string; label: string }>(
    `SELECT key::VARCHAR AS key, (${label})::VARCHAR AS label
     FROM (SELECT DISTINCT ${key} AS key FROM ${source}()) ORDER BY key LIMIT ${MAX_COPIES + 1}`,
  );
}

/** Writes rows as the one file of a folder. */
export async function writeFile(database: Database, folder: string, sql: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await database.run(`COPY (${sql}) TO ${quoteText(join(folder, 'data_0.parquet'))} (${PARQUET})`);
}

/** SQL for the rows of a written table. */
export function tableSource(folder: string, table: string): string {
  return `read_parquet(${quotePath(join(folder, table), '/**/*.parquet')}, hive_partitioning = false)`;
}

/** A written file: its path below the output folder, with forward slashes, and its size. */
export interface WrittenFile {
  readonly path: string;
  readonly byteLength: number;
}

/** The files below a folder, in order of path. */
export async function listFiles(folder: string): Promise<WrittenFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(async (path) => ({
      path: relative(folder, path).replaceAll('\\', '/'),
      byteLength: (await stat(path)).size,
    })),
  );
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
