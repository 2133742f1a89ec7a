import { type Database, quotePath, quoteText } from '../duckdb.ts';
import type { RowSums } from './row-sums.ts';
import { parquetFiles } from './write.ts';

/** What one check found. */
export interface Check {
  readonly name: string;
  readonly violations: number;
}

/** What the counters of scan and fold say the written rows must add up to. */
export interface ExpectedTotals {
  readonly rowCount: number;
  readonly eventCount: number;
  readonly duplicateCount: number;
  /** The sum of the hashes of all folded pairs modulo 2^64, as text. */
  readonly pairSum: string;
}

const NOT_NEGATIVE = [
  'videoDuration',
  'totalWatchTime',
  'totalUniqueSecondsWatched',
  'maxPositionReached',
  'watchPercentage',
  'completionPercentage',
  'uniqueWatchPercentage',
  'avgWatchTimePerSession',
  'avgSessionDuration',
  'totalPauses',
  'totalForwardSkips',
  'totalBackwardSkips',
  'replayCount',
  'completionCount',
  'eventCount',
  'duplicateEventCount',
  'segmentCount',
  'rejectedSegmentCount',
  'unclosedSegmentCount',
];

/** Conditions that no row may meet. A microsecond of grace where two sums of doubles are compared. */
const FORBIDDEN: readonly (readonly [name: string, condition: string])[] = [
  ['no null or empty key', `coalesce(userId, '') = '' OR coalesce(videoId, '') = ''`],
  ['unique seconds at most watch seconds', 'totalUniqueSecondsWatched > totalWatchTime + 1e-6'],
  [
    'unique seconds at most the span of the video',
    'totalUniqueSecondsWatched > watchedRanges[-1]."end" - watchedRanges[1]."start" + 1e-6',
  ],
  ['last watch not before the first', 'lastWatchDate < firstWatchDate'],
  ['at least one session', 'sessionCount < 1'],
];

/**
 * How many rows of some written files have a negative value. The least values of each column stand in the files: only
 * where these leave it open are rows read.
 */
export async function countNegativeRows(database: Database, paths: readonly string[]): Promise<number> {
  const columns = NOT_NEGATIVE.map((column) => quoteText(column)).join(', ');
  const [chunks] = await database.rows<{ open: number }>(
    `SELECT count(*)::DOUBLE AS open FROM parquet_metadata([${paths.map((path) => quotePath(path)).join(', ')}])
     WHERE path_in_schema IN (${columns})
       AND NOT coalesce(try_cast(stats_min_value AS DOUBLE) >= 0, stats_null_count = num_values, false)`,
  );
  if (chunks?.open === 0) return 0;
  const negative = NOT_NEGATIVE.map((column) => `${column} < 0`).join(' OR ');
  const [rows] = await database.rows<{ negative: number }>(
    `SELECT count(*)::DOUBLE AS negative FROM ${parquetFiles(paths)} WHERE ${negative}`,
  );
  return rows?.negative ?? Number.NaN;
}

/** SQL aggregates over written rows: one scan of them serves the sums too. */
export const FORBIDDEN_COUNTS: readonly string[] = FORBIDDEN.map(
  ([, condition], i) => `count(*) FILTER (${condition})::DOUBLE AS check${i}`,
);

/** How many rows break each rule that a row can break by itself, by its name. */
export type Violations = ReadonlyMap<string, number>;

/** Adds up the values of FORBIDDEN_COUNTS. */
export function readViolations(
  rows: readonly Readonly<Record<string, unknown>>[],
  negative: number,
): Violations {
  const sum = (column: string): number => rows.reduce((total, row) => total + Number(row[column]), 0);
  return new Map([
    ['no negative value', negative],
    ...FORBIDDEN.map(([name], i) => [name, sum(`check${i}`)] as const),
  ]);
}

/**
 * Judges what written rows add up to. The kernel folds each pair once (it answers STATUS_NOT_ASCENDING otherwise), so
 * equal sums over as many rows say that each was written once: counting distinct pairs would take a fifth of the
 * check, and all their keys in memory.
 */
export function judgeRows(found: RowSums, violations: Violations, expected: ExpectedTotals): Check[] {
  return [
    { name: 'one row for each user and video', violations: found.pairHash === expected.pairSum ? 0 : 1 },
    ...[...violations].map(([name, count]) => ({ name, violations: count })),
    { name: 'rows are all those that were folded', violations: Math.abs(found.rows - expected.rowCount) },
    { name: 'events are all those that were kept', violations: Math.abs(found.events - expected.eventCount) },
    {
      name: 'duplicates are all those that were dropped',
      violations: Math.abs(found.duplicates - expected.duplicateCount),
    },
  ];
}
