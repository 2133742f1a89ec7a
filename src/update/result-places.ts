import { copyFile, link, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Database } from '../duckdb.ts';
import type { ResolvedOptions } from '../run-options.ts';
import { type PartitionBy, partitionColumn } from '../sink/partitions.ts';
import { ENGAGEMENT } from '../sink/write.ts';

/** Files of the result by their place: folder and first part of their names, below the table's folder. */
export type ResultPlaces = Readonly<Record<string, readonly string[]>>;

/** A published result that is brought up to date, and where. */
export interface ResultFiles {
  readonly database: Database;
  readonly options: ResolvedOptions;
  /** See placeSql. */
  readonly dayFilesFromUs: bigint;
  /** The folder to fill. */
  readonly folder: string;
  /** Ends the names of new files. */
  readonly stamp: string;
  /** The folder that is published now, and its files by place. */
  readonly published: string | null;
  readonly places: ResultPlaces;
}

export interface WrittenResult {
  readonly places: ResultPlaces;
  /** Paths of the files that were written, and of those that are links to published ones. */
  readonly written: readonly string[];
  readonly linked: readonly string[];
}

/** So many days before the latest event of the first call have files of their own. */
const DAY_FILES = 31n;
const DAY_US = 86_400_000_000n;

/** Where the days with files of their own begin. */
export function firstDayFile(watermarkUs: bigint | null): bigint {
  const day = (watermarkUs ?? 0n) / DAY_US;
  return (day + 1n - DAY_FILES) * DAY_US;
}

/**
 * SQL for the place of a row. Of a month, rows from `dayFilesFromUs` on lie in a file for each day of the first watch:
 * what changes in a day are mostly rows of the days before it, and the files of older days stay.
 */
export function placeSql(partitionBy: PartitionBy, dayFilesFromUs: bigint): string {
  const partition = partitionColumn(partitionBy);
  if (partition === null) return `'data_0'`;
  const label = `(${partition.label.replace('key', partition.key)})::VARCHAR`;
  const file =
    partitionBy === 'month'
      ? `CASE WHEN firstTimestampUs < ${dayFilesFromUs} THEN 'data_0'
           ELSE strftime(make_timestamp(firstTimestampUs), '%Y-%m-%d') END`
      : `'data_0'`;
  return `concat('${partition.name}=', ${label}, '/', ${file})`;
}

/** SQL that tells places apart as placeSql does, and puts them in order: cheap, as the key of a partition column is. */
export function placeKeySql(partitionBy: PartitionBy, dayFilesFromUs: bigint): string {
  if (partitionBy !== 'month') return partitionColumn(partitionBy)?.key ?? '0';
  return `date_trunc(CASE WHEN firstTimestampUs < ${dayFilesFromUs} THEN 'month' ELSE 'day' END,
    make_timestamp(firstTimestampUs))`;
}

/** The path of a new file of a place, whose folder is made. */
export async function makePlace(
  { folder, stamp }: ResultFiles,
  place: string,
  part: number,
): Promise<string> {
  const path = `${ENGAGEMENT}/${place}-${stamp}${part === 0 ? '' : `-${part}`}.parquet`;
  await mkdir(dirname(join(folder, path)), { recursive: true });
  return path;
}

/** A second name for a file, or a copy on a disk that has no links. */
export async function linkFile(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await link(from, to).catch(() => copyFile(from, to));
}
