/** How the result is divided into folders. */
export type PartitionBy = 'month' | 'day' | 'none' | `bucket:${number}`;

const MAX_BUCKETS = 1024;

/** What isPartitionBy accepts, in words. */
export const PARTITION_BY = `month, day, none, or bucket:N with N from 1 to ${MAX_BUCKETS}`;

/** Whether a text names a way to divide the result. */
export function isPartitionBy(text: string): text is PartitionBy {
  if (text === 'month' || text === 'day' || text === 'none') return true;
  const buckets = Number(/^bucket:([1-9]\d*)$/.exec(text)?.[1]);
  return buckets <= MAX_BUCKETS;
}

/** The partition column, which stands in the path only. */
export interface PartitionColumn {
  readonly name: string;
  /** SQL that tells partitions apart: cheap, because it is computed for every row. */
  readonly key: string;
  /** SQL for what stands in the path, over the column `key`. */
  readonly label: string;
}

/** Null where the result is not divided. */
export function partitionColumn(partitionBy: PartitionBy): PartitionColumn | null {
  if (partitionBy === 'none') return null;
  const first = 'make_timestamp(firstTimestampUs)';
  if (partitionBy === 'month')
    return { name: 'firstWatchMonth', key: `date_trunc('month', ${first})`, label: `strftime(key, '%Y-%m')` };
  if (partitionBy === 'day')
    return { name: 'firstWatchDay', key: `date_trunc('day', ${first})`, label: `strftime(key, '%Y-%m-%d')` };
  return { name: 'userBucket', key: `userHash % ${partitionBy.slice('bucket:'.length)}`, label: 'key' };
}
