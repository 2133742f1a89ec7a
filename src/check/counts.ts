import type { Database } from '../duckdb.ts';
import { INVALID_REASONS } from '../kernel/scan-kernel.ts';
import { CLASS_NAMES, CLASS_RANKS, type ClassName } from '../source/event-classes.ts';

/** Names that are told apart in the report. */
const MAX_NAMES = 100;

export interface EventCounts {
  readonly read: number;
  readonly kept: number;
  readonly invalid: number;
  readonly invalidByReason: Record<string, number>;
  readonly unknownEventNames: Record<string, number>;
  readonly events: readonly {
    readonly name: string;
    readonly eventClass: ClassName;
    readonly rows: number;
  }[];
  readonly firstTimestamp: string | null;
  readonly lastTimestamp: string | null;
  readonly maxPositionSeconds: number | null;
  /** Kept rows whose video has a duration in the table titles. */
  readonly rowsWithDuration: number;
}

/** Counts all rows of the view `event_rows` in one pass, joined with the table titles. */
export async function countEvents(database: Database): Promise<EventCounts> {
  await database.run(
    `CREATE TEMP TABLE counts AS
     SELECT reason, eventClass, CASE WHEN reason IS NULL OR reason = 'unknown_event' THEN name END AS name,
       coalesce(min(eventName), '(null)') AS spelling, count(*) AS rows, min(timestampUs) AS first,
       max(timestampUs) AS last, max(positionUs) AS position,
       count(*) FILTER (videoId IN (SELECT videoId FROM titles WHERE duration IS NOT NULL)) AS known
     FROM event_rows GROUP BY ALL`,
  );
  const reasons = await database.rows<{
    reason: string | null;
    rows: number;
    first: string | null;
    last: string | null;
    position: number | null;
    known: number;
  }>(
    `SELECT reason, sum(rows)::DOUBLE AS rows, strftime(make_timestamp(min(first)), '%Y-%m-%dT%H:%M:%S.%fZ') AS first,
       strftime(make_timestamp(max(last)), '%Y-%m-%dT%H:%M:%S.%fZ') AS last, max(position) / 1e6 AS position,
       sum(known)::DOUBLE AS known
     FROM counts GROUP BY reason`,
  );
  const rowsOf = (wanted: string | null): number =>
    reasons.find(({ reason }) => reason === wanted)?.rows ?? 0;
  const invalidByReason = Object.fromEntries(INVALID_REASONS.map((reason) => [reason, rowsOf(reason)]));
  const kept = reasons.find(({ reason }) => reason === null);
  const read = reasons.reduce((sum, { rows }) => sum + rows, 0);
  return {
    read,
    kept: kept?.rows ?? 0,
    invalid: read - (kept?.rows ?? 0),
    invalidByReason,
    unknownEventNames: await readUnknownNames(database, rowsOf('unknown_event')),
    events: await readEvents(database),
    firstTimestamp: kept?.first ?? null,
    lastTimestamp: kept?.last ?? null,
    maxPositionSeconds: kept?.position ?? null,
    rowsWithDuration: kept?.known ?? 0,
  };
}

async function readUnknownNames(database: Database, total: number): Promise<Record<string, number>> {
  const rows = await database.rows<{ name: string; rows: number }>(
    `SELECT spelling AS name, rows::DOUBLE AS rows FROM counts WHERE reason = 'unknown_event'
     ORDER BY rows DESC, name LIMIT ${MAX_NAMES}`,
  );
  const others = total - rows.reduce((sum, row) => sum + row.rows, 0);
  return Object.fromEntries([
    ...rows.map((row) => [row.name, row.rows] as const),
    ...(others > 0 ? [['(other)', others] as const] : []),
  ]);
}

async function readEvents(database: Database): Promise<EventCounts['events']> {
  const rows = await database.rows<{ name: string; eventClass: number; rows: number }>(
    `SELECT name, eventClass, rows::DOUBLE AS rows FROM counts WHERE reason IS NULL ORDER BY rows DESC, name`,
  );
  return rows.map(({ name, eventClass, rows: count }) => ({
    name,
    eventClass: CLASS_NAMES.find((className) => CLASS_RANKS[className] === eventClass)!,
    rows: count,
  }));
}
