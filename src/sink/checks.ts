import { quoteName } from '../duckdb.ts';
import { outputColumns } from './engagement-sql.ts';

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

/** SQL for the rows with a negative value: a query of its own, since the files' statistics rule out almost all. */
export function negativeRowsSql(source: string): string {
  const negative = NOT_NEGATIVE.map((column) => `${column} < 0`).join(' OR ');
  return `(SELECT count(*) FROM ${source} WHERE ${negative})::DOUBLE`;
}

/** SQL aggregates over the written rows that the checks need: one scan of them serves the statistics too. */
export const CHECK_AGGREGATES: readonly string[] = [
  'count(*)::DOUBLE AS rowCount',
  'coalesce(sum(eventCount), 0)::DOUBLE AS eventCount',
  'coalesce(sum(duplicateEventCount), 0)::DOUBLE AS duplicateCount',
  ...FORBIDDEN.map(([, condition], i) => `count(*) FILTER (${condition})::DOUBLE AS check${i}`),
];

/** SQL for the sum of the hashes of pairs of 64-bit keys modulo 2^64, as text. */
export function pairSumSql(userHash: string, videoHash: string): string {
  return `(coalesce(sum(hash(${userHash}, ${videoHash})), 0) % 18446744073709551616)::VARCHAR`;
}

/**
 * Judges the values of CHECK_AGGREGATES, of `negativeRows` and of pairSumSql over the written ids. The kernel folds
 * each pair once (it answers STATUS_NOT_ASCENDING otherwise), so equal sums over as many rows say that each was
 * written once: counting distinct pairs would take a fifth of the check, and all their keys in memory.
 */
export function judgeRows(
  found: Readonly<Record<string, number>>,
  pairSum: string,
  expected: ExpectedTotals,
): Check[] {
  const value = (name: string): number => found[name] ?? Number.NaN;
  const difference = (name: 'rowCount' | 'eventCount' | 'duplicateCount'): number =>
    Math.abs(value(name) - expected[name]);
  return [
    { name: 'one row for each user and video', violations: pairSum === expected.pairSum ? 0 : 1 },
    { name: 'no negative value', violations: value('negativeRows') },
    ...FORBIDDEN.map(([name], i) => ({ name, violations: value(`check${i}`) })),
    { name: 'rows are all those that were folded', violations: difference('rowCount') },
    { name: 'events are all those that were kept', violations: difference('eventCount') },
    { name: 'duplicates are all those that were dropped', violations: difference('duplicateCount') },
  ];
}

/** SQL for one hash of all rows, whatever their order and files: the sum of the rows' hashes modulo 2^64, in hex. */
export function contentHashSql(uniqueSeconds: boolean): string {
  const columns = outputColumns(uniqueSeconds).map(([name]) => quoteName(name));
  return `printf('%016x', (coalesce(sum(hash(${columns.join(', ')})), 0) % 18446744073709551616)::UBIGINT)`;
}
