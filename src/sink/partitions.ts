import { EXIT, PlayfoldError } from '../errors.ts';

/** How the result is divided into folders. */
export type PartitionBy = 'month' | 'day' | 'none' | `bucket:${number}`;

const MAX_BUCKETS = 1024;

/** Checks what a user wrote. Throws a PlayfoldError (usage). */
export function parsePartitionBy(text: string): PartitionBy {
  if (text === 'month' || text === 'day' || text === 'none') return text;
  const buckets = Number(/^bucket:(\d+)$/.exec(text)?.[1]);
  if (buckets >= 1 && buckets <= MAX_BUCKETS) return `bucket:${buckets}`;
  throw new PlayfoldError(
    `--partition-by ${text}: expected month, day, none, or bucket:N with N from 1 to ${MAX_BUCKETS}.`,
    EXIT.usage,
  );
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
