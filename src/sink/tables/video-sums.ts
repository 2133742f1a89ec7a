import { TIERS } from '../engagement-sql.ts';
import { microseconds } from './output-table.ts';

/** What the rows of a video add up to: SQL aggregates over rows of engagement. Hundredths and microseconds are whole numbers. */
const hundredths = (column: string): string => `CAST(round(${column} * 100) AS BIGINT)`;
const sum = (addend: string): string => `coalesce(sum(${addend}), 0)::BIGINT`;
const countIf = (condition: string): string => `count(*) FILTER (${condition})`;
const lower = (name: string): string => name.toLowerCase();
/** Columns whose means are of hundredths. */
const MEANS = ['watchPercentage', 'completionPercentage', 'uniqueWatchPercentage', 'engagementScore'];

const SUMS: readonly (readonly [name: string, aggregate: string])[] = [
  ['viewers', 'count(*)'],
  ['sessions', sum('sessionCount')],
  ['watchUs', sum(microseconds('totalWatchTime'))],
  ['uniqueUs', sum(microseconds('totalUniqueSecondsWatched'))],
  ['uniqueRows', 'count(totalUniqueSecondsWatched)'],
  ...MEANS.flatMap((column): [string, string][] => [
    [`${column}Sum`, sum(hundredths(column))],
    [`${column}Rows`, `count(${column})`],
  ]),
  ['completed', countIf('isCompletedAtLeastOnce')],
  ['replayed', countIf('isReplay')],
  ['forwardSkips', sum('totalForwardSkips')],
  ['backwardSkips', sum('totalBackwardSkips')],
  ['pauses', sum('totalPauses')],
  ...TIERS.map((tier) => [lower(tier), countIf(`engagementTier = '${tier}'`)] as const),
  ['flagged', countIf(`dataQualityFlag <> 'ok'`)],
];

/** The columns of engagement that videoSumsSql reads. */
export const SUMMED_COLUMNS: readonly string[] = [
  ...['videoId', 'sessionCount', 'totalWatchTime', 'totalUniqueSecondsWatched', ...MEANS],
  ...['isCompletedAtLeastOnce', 'isReplay', 'totalForwardSkips', 'totalBackwardSkips', 'totalPauses'],
  ...['engagementTier', 'dataQualityFlag', 'firstWatchDate', 'lastWatchDate'],
];

/** What the rows of a video do not add up to, where `lastEnd` is SQL for the last second that a row watched. */
export const medians = (lastEnd: string): string =>
  `median(totalWatchTime) AS medianWatchTime,
  median(${lastEnd}) FILTER (NOT isCompletedAtLeastOnce) AS dropOffPosition`;
export const LAST_END = 'watchedRanges[-1]."end"';

/** SQL for what the rows of each video in `engagement` (SQL for a table) add up to; `key` is the video's column. */
export function videoSumsSql(engagement: string, more = '', key = 'videoId'): string {
  const sums = SUMS.map(([name, aggregate]) => `${aggregate} AS "${name}"`);
  return `SELECT ${key}, ${sums.join(', ')}, min(firstWatchDate) AS firstWatchDate,
      max(lastWatchDate) AS lastWatchDate${more === '' ? '' : `, ${more}`}
    FROM ${engagement} GROUP BY ${key}`;
}

/**
 * SQL for the same after rows were replaced: `before` is SQL for the sums so far, `removed` and `added` for rows of
 * engagement. A row only ever takes the place of one that began no earlier and ended no later.
 */
export function changedVideoSumsSql(before: string, removed: string, added: string): string {
  const sums = SUMS.map(([name]) => `sum("${name}" * sign)::BIGINT AS "${name}"`);
  return `SELECT videoId, ${sums.join(', ')}, min(firstWatchDate) AS firstWatchDate,
      max(lastWatchDate) AS lastWatchDate
    FROM (
      SELECT *, 1 AS sign FROM ${before} UNION ALL SELECT *, 1 FROM (${videoSumsSql(added)})
      UNION ALL SELECT *, -1 FROM (${videoSumsSql(removed)})
    ) GROUP BY videoId`;
}
