import { readdirSync } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { mergeDatabaseBytes } from '../budget.ts';
import { type Database, quotePath, quoteText } from '../duckdb.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import { ROWS_A_GROUP } from './dictionaries.ts';
import type { OutputColumn } from './engagement-sql.ts';
import { type PartitionBy, type PartitionColumn, partitionColumn } from './partitions.ts';

/** The folder of the main table; later tables get folders beside it. */
export const ENGAGEMENT = 'engagement';

export interface WriteSettings {
  readonly partitionBy: PartitionBy;
  /** The whole run's: they bound how many partitions are written at once. */
  readonly memoryBytes: number;
  readonly threads: number;
}

/**
 * Level 1: level 3 takes a fifth longer. Dictionaries above 4000 values and Bloom filters cost a sixth of the
 * time and save 2 % of the bytes.
 */
export const PARQUET = `FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 4000,
  WRITE_BLOOM_FILTER false, ROW_GROUP_SIZE ${ROWS_A_GROUP}`;

/** Up to so many partitions are written one by one: PARTITION_BY takes twice the time and memory of a plain COPY. */
const MAX_COPIES = 6;

/** More folders serve no reader: they come of timestamps gone wrong. */
export const MAX_PARTITIONS = 10_000;
/** PARTITION_BY takes 400 KB a partition and thread, whatever its rows; the join needs room too. */
const DATABASE_BYTES_A_PARTITION = 3e6;

/** SQL of a table's rows: with a partition column behind them, or only those that meet a condition. */
export type TableSql = (parts: {
  readonly partition?: OutputColumn | null;
  readonly condition?: string | null;
}) => string;
/** How many partitions one COPY may write. */
export function partitionsAtOnce({
  memoryBytes,
  threads,
}: Pick<WriteSettings, 'memoryBytes' | 'threads'>): number {
  return Math.ceil(mergeDatabaseBytes(memoryBytes) / threads / DATABASE_BYTES_A_PARTITION);
}

/** What to tell a user whose timestamps fall all over time. */
export function tooManyPartitions(partitionBy: PartitionBy): PlayfoldError {
  return new PlayfoldError(
    `--partition-by ${partitionBy}: more than ${MAX_PARTITIONS} partitions occur; choose month, none or ` +
      'bucket:N, or leave out wrong timestamps with --since and --until.',
    EXIT.usage,
  );
}

/** SQL for the partition keys, one a row, of rows (SQL for a table) with userHash and firstTimestampUs. */
export const partitionKeysOf =
  (rows: string) =>
  (key: string): string =>
    `(SELECT DISTINCT ${key} AS key FROM ${rows})`;

/** Writes a table in the folders that `partitionBy` asks for. */
export async function writePartitioned(
  database: Database,
  table: string,
  written: PartitionedTable,
): Promise<void> {
  const { rowCount, partitionBy, partitionKeys, sql, fileName = 'data' } = written;
  await mkdir(table, { recursive: true });
  // A partitioned COPY of no rows writes no file; one file without rows tells readers the columns.
  const partition = rowCount === 0 ? null : partitionColumn(partitionBy);
  if (partition === null) {
    await writeFile(database, table, sql({}), fileName);
    return;
  }
  const values = await partitionValues(database, partitionKeys(partition.key), partition.label);
  if (values.length > MAX_PARTITIONS) throw tooManyPartitions(partitionBy);
  if (values.length > MAX_COPIES) {
    const keys = values.map(({ key }) => key);
    await writeTogether(database, table, written, partition, keys);
    return;
  }
  for (const { key, label } of values) {
    const condition = values.length === 1 ? null : `${partition.key} = ${quoteText(key)}`;
    const folder = join(table, `${partition.name}=${encodeURIComponent(label)}`);
    await writeFile(database, folder, sql({ condition }), fileName);
  }
}

/** Writes many partitions with as few COPYs as the memory allows. */
async function writeTogether(
  database: Database,
  table: string,
  written: PartitionedTable,
  partition: PartitionColumn,
  keys: readonly string[],
): Promise<void> {
  const column: OutputColumn = [partition.name, partition.label.replace('key', partition.key)];
  const { sql, fileName = 'data' } = written;
  const atOnce = partitionsAtOnce(written);
  for (let at = 0; at < keys.length; at += atOnce) {
    const some = keys.slice(at, at + atOnce).map((key) => quoteText(key));
    const condition = keys.length <= atOnce ? null : `${partition.key} IN (${some.join(', ')})`;
    await database.run(
      `COPY (${sql({ partition: column, condition })}) TO ${quoteText(table)}
       (${PARQUET}, PARTITION_BY ("${partition.name}"), OVERWRITE_OR_IGNORE, FILENAME_PATTERN '${fileName}_{i}')`,
    );
  }
}

export interface PartitionedTable extends Pick<WriteSettings, 'partitionBy' | 'memoryBytes' | 'threads'> {
  readonly rowCount: number;
  /** How the names of its files begin; default: data. */
  readonly fileName?: string;
  /** SQL for a table of the values that the SQL `key` takes in its rows, one a row. */
  readonly partitionKeys: (key: string) => string;
  readonly sql: TableSql;
}

/** The partitions that occur, up to one more than are written. */
async function partitionValues(
  database: Database,
  keys: string,
  label: string,
): Promise<{ key: string; label: string }[]> {
  return database.rows<{ key: string; label: string }>(
    `SELECT key::VARCHAR AS key, (${label})::VARCHAR AS label
     FROM ${keys} ORDER BY key LIMIT ${MAX_PARTITIONS + 1}`,
  );
}

/** Writes rows as one file of a folder. */
export async function writeFile(
  database: Database,
  folder: string,
  sql: string,
  fileName = 'data',
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await database.run(`COPY (${sql}) TO ${quoteText(join(folder, `${fileName}_0.parquet`))} (${PARQUET})`);
}

/** The files of a written table: readers are given them by name, since a folder's name may hold what a glob cannot. */
export function tablePaths(folder: string, table: string): string[] {
  const entries = readdirSync(join(folder, table), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

/** SQL for the rows of a written table. */
export function tableSource(folder: string, table: string): string {
  return parquetFiles(tablePaths(folder, table));
}

/** SQL for the rows of some Parquet files, one at least. */
export function parquetFiles(paths: readonly string[]): string {
  return `read_parquet([${paths.map((path) => quotePath(path)).join(', ')}], hive_partitioning = false)`;
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
