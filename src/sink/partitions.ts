import { EXIT, PlayfoldError } from '../errors.ts';
import type { OutputColumn } from './engagement-sql.ts';

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

/** The partition column: it stands in the path only. */
export function partitionColumn(partitionBy: PartitionBy): OutputColumn | null {
  if (partitionBy === 'none') return null;
  const first = 'make_timestamp(firstTimestampUs)';
  if (partitionBy === 'month') return ['firstWatchMonth', `strftime(${first}, '%Y-%m')`];
  if (partitionBy === 'day') return ['firstWatchDay', `strftime(${first}, '%Y-%m-%d')`];
  return ['userBucket', `userHash % ${partitionBy.slice('bucket:'.length)}`];
}
