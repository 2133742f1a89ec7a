import { mkdir, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Database, quoteText } from '../duckdb.ts';
import type { Config } from '../options.ts';
import { engagementSql } from './engagement-sql.ts';
import { type PartitionBy, partitionColumn } from './partitions.ts';

/** The folder of the main table; later tables get folders beside it. */
export const ENGAGEMENT = 'engagement';

export interface WriteSettings {
  readonly config: Config;
  readonly uniqueSeconds: boolean;
  readonly partitionBy: PartitionBy;
}

/**
 * Joins the folded rows with ids, titles and durations, and writes them as zstd Parquet below `folder`. Level 1:
 * level 3 costs a tenth more time and saves little.
 */
export async function writeEngagement(
  database: Database,
  folder: string,
  rowCount: number,
  settings: WriteSettings,
): Promise<void> {
  const { config, uniqueSeconds, partitionBy } = settings;
  // A partitioned COPY of no rows writes no file; one file without rows tells readers the columns.
  const partition = rowCount === 0 ? null : partitionColumn(partitionBy);
  const sql = engagementSql(config, uniqueSeconds, partition);
  const table = join(folder, ENGAGEMENT);
  await mkdir(table, { recursive: true });
  const target = partition === null ? join(table, 'data_0.parquet') : table;
  const partitioned = partition === null ? '' : `, PARTITION_BY ("${partition[0]}"), OVERWRITE_OR_IGNORE`;
  await database.run(
    `COPY (${sql}) TO ${quoteText(target)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1${partitioned})`,
  );
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
