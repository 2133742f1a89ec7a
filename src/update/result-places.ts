import { copyFile, link, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Database } from '../duckdb.ts';
import type { ResolvedOptions } from '../run-options.ts';
import type { OutputColumn } from '../sink/engagement-sql.ts';
import { type PartitionBy, partitionColumn } from '../sink/partitions.ts';
import { ENGAGEMENT } from '../sink/write.ts';

/** Files of the result by their place: folder and first part of their names, below the table's folder. */
export type ResultPlaces = Readonly<Record<string, readonly string[]>>;

/** A published result that is brought up to date, and where. */
export interface ResultFiles {
  readonly database: Database;
  readonly options: ResolvedOptions;
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

/**
 * SQL for the place of a row. Rows of a month lie in a file for each day of the first watch: what changes in a day
 * are mostly rows of the days before it, and the files of older days stay.
 */
export function placeSql(partitionBy: PartitionBy): string {
  const partition = partitionColumn(partitionBy);
  if (partition === null) return `'data_0'`;
  const label = `(${partition.label.replace('key', partition.key)})::VARCHAR`;
  const file =
    partitionBy === 'month' ? `strftime(make_timestamp(firstTimestampUs), '%Y-%m-%d')` : `'data_0'`;
  return `concat('${partition.name}=', ${label}, '/', ${file})`;
}

export const placeColumn = (partitionBy: PartitionBy): OutputColumn => ['place', placeSql(partitionBy)];

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
