import { POSITION_LIMIT_SECONDS, TIMESTAMP_BITS } from '../kernel/layout.ts';
import { EVENT_COLUMNS } from '../source/columns/names.ts';
import { CLASS_NAMES, CLASS_RANKS, type ClassName, normalizeEventName } from '../source/event-classes.ts';
import type { ScanSlice } from '../source/slices.ts';

/** A slice, and the table function call that reads it: SQL. */
export interface ReadableSlice extends ScanSlice {
  readonly from: string;
}

import { quoteText } from '../sql-text.ts';

const TIMESTAMP_LIMIT_US = 2n ** BigInt(TIMESTAMP_BITS);

/** SQL: rows as the slices read them, with the columns of SPEC.md section 1 and the raw texts behind them. */
function sliceRows({ from, where, expressions, columns, label }: ReadableSlice): string {
  // Only Parquet's reader can always tell which of several files a row is of.
  const file = from.startsWith('read_parquet(') ? 'filename' : quoteText(label);
  const raw = EVENT_COLUMNS.map(
    (column) => `${columns.rawTexts[column] ?? 'NULL::VARCHAR'} AS raw_${column}`,
  );
  return `SELECT ${file} AS file, ${expressions.timestampUs} AS timestampUs, ${expressions.userId} AS userId,
    ${expressions.sessionId} AS sessionId, ${expressions.videoId} AS videoId, ${expressions.eventName} AS eventName,
    ${expressions.currentTime} AS currentTime, ${expressions.fromTime ?? 'NULL::DOUBLE'} AS fromTime, ${raw.join(', ')}
  FROM ${from}${where === null ? '' : ` WHERE ${where}`}`;
}

/** SQL: microseconds of a position as the kernel rounds them; null for what SPEC.md section 1 refuses. */
function positionUs(seconds: string): string {
  const scaled = `(${seconds} * 1e6)`;
  return `CASE WHEN ${seconds} >= 0 AND ${seconds} <= ${POSITION_LIMIT_SECONDS} THEN
    floor(${scaled})::BIGINT + CASE WHEN ${scaled} - floor(${scaled}) >= 0.5 THEN 1 ELSE 0 END END`;
}

/**
 * SQL for a view of all rows in their order: SPEC.md section 1 in SQL, beside the kernel. `reason` is null for kept
 * rows; `eventClass` is the kernel's rank.
 */
export function eventRows(
  slices: readonly ReadableSlice[],
  eventNames: Readonly<Record<ClassName, readonly string[]>>,
): string {
  const classes = CLASS_NAMES.filter((className) => eventNames[className].length > 0).map((className) => {
    const list = eventNames[className].map((name) => quoteText(normalizeEventName(name)));
    return `WHEN name IN (${list.join(', ')}) THEN ${CLASS_RANKS[className]}`;
  });
  return `SELECT *, CASE
      WHEN timestampUs IS NULL OR timestampUs >= ${TIMESTAMP_LIMIT_US} OR timestampUs <= -${TIMESTAMP_LIMIT_US}
        THEN 'missing_timestamp'
      WHEN coalesce(userId, '') = '' THEN 'missing_user'
      WHEN coalesce(sessionId, '') = '' THEN 'missing_session'
      WHEN coalesce(videoId, '') = '' THEN 'missing_video'
      WHEN eventClass IS NULL THEN 'unknown_event'
      WHEN positionUs IS NULL THEN 'bad_position' END AS reason
    FROM (SELECT *, CASE ${classes.join(' ')} END AS eventClass, ${positionUs('currentTime')} AS positionUs,
        ${positionUs('fromTime')} AS fromUs
      FROM (SELECT *, lower(trim(eventName)) AS name FROM (${slices.map((slice) => sliceRows(slice)).join('\nUNION ALL\n')})))`;
}
