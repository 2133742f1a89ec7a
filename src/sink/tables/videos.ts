import { type OutputColumn, TIERS } from '../engagement-sql.ts';
import { writeFile } from '../write.ts';
import { equalsEngagement, microseconds, type OutputTable } from './output-table.ts';

/** What the rows of a video add up to: SQL over a row of engagement. Hundredths and microseconds are whole numbers. */
const hundredths = (column: string): string => `CAST(round(${column} * 100) AS BIGINT)`;
const oneIf = (condition: string): string => `CASE WHEN ${condition} THEN 1 ELSE 0 END`;
const lower = (name: string): string => name.toLowerCase();
const MEANS = ['watchPercentage', 'completionPercentage', 'uniqueWatchPercentage', 'engagementScore'];

const SUMS: readonly (readonly [name: string, addend: string])[] = [
  ['viewers', '1'],
  ['sessions', 'sessionCount'],
  ['watchUs', microseconds('totalWatchTime')],
  ['uniqueUs', microseconds('totalUniqueSecondsWatched')],
  ['uniqueRows', oneIf('totalUniqueSecondsWatched IS NOT NULL')],
  ...MEANS.flatMap((column): [string, string][] => [
    [`${column}Sum`, hundredths(column)],
    [`${column}Rows`, oneIf(`${column} IS NOT NULL`)],
  ]),
  ['completed', oneIf('isCompletedAtLeastOnce')],
  ['replayed', oneIf('isReplay')],
  ['forwardSkips', 'totalForwardSkips'],
  ['backwardSkips', 'totalBackwardSkips'],
  ['pauses', 'totalPauses'],
  ...TIERS.map((tier) => [lower(tier), oneIf(`engagementTier = '${tier}'`)] as const),
  ['flagged', oneIf(`dataQualityFlag <> 'ok'`)],
];

/** What the rows of a video do not add up to. */
const MEDIANS = `median(totalWatchTime) AS medianWatchTime,
  median(watchedRanges[-1]."end") FILTER (NOT isCompletedAtLeastOnce) AS dropOffPosition`;

/** SQL for what the rows of each video in `engagement` (SQL for a table) add up to. */
export function videoSumsSql(engagement: string, more = ''): string {
  const sums = SUMS.map(([name, addend]) => `coalesce(sum(${addend}), 0)::BIGINT AS "${name}"`);
  return `SELECT videoId, ${sums.join(', ')}, min(firstWatchDate) AS firstWatchDate,
      max(lastWatchDate) AS lastWatchDate${more === '' ? '' : `, ${more}`}
    FROM ${engagement} GROUP BY videoId`;
}

/**
 * SQL for the same after files were replaced: `before` is SQL for the sums so far, `removed` and `added` for rows of
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

const mean = (column: string): string =>
  `CASE WHEN "${column}Rows" > 0 THEN "${column}Sum"::DOUBLE / "${column}Rows" / 100 END`;

const COLUMNS: readonly OutputColumn[] = [
  ['videoId', 'sums.videoId'],
  ['videoTitle', 'durations.title'],
  ['videoDuration', 'durations.duration'],
  ['durationSource', 'durations.source'],
  ['viewers', 'viewers'],
  ['sessionCount', 'sessions'],
  ['totalWatchTime', 'watchUs::DOUBLE / 1e6'],
  ['totalUniqueSecondsWatched', 'CASE WHEN uniqueRows > 0 THEN uniqueUs::DOUBLE / 1e6 END'],
  ['medianWatchTime', 'medianWatchTime'],
  ['avgWatchPercentage', mean('watchPercentage')],
  ['avgCompletionPercentage', mean('completionPercentage')],
  ['avgUniqueWatchPercentage', mean('uniqueWatchPercentage')],
  ['avgEngagementScore', mean('engagementScore')],
  ['completionRate', 'completed / viewers'],
  ['replayRate', 'replayed / viewers'],
  ['avgForwardSkips', 'forwardSkips::DOUBLE / viewers'],
  ['avgBackwardSkips', 'backwardSkips::DOUBLE / viewers'],
  ['avgPauses', 'pauses::DOUBLE / viewers'],
  ...TIERS.map((tier) => [`${lower(tier)}Count`, lower(tier)] as const),
  ['flaggedRate', 'flagged / viewers'],
  ['dropOffPosition', 'dropOffPosition'],
  ['firstWatchDate', 'sums.firstWatchDate'],
  ['lastWatchDate', 'sums.lastWatchDate'],
];

/** One row a video, summed up from the written engagement rows. */
export const videos: OutputTable = {
  name: 'videos',
  records: [],
  write: ({ database, folder, engagement, videoSums }) => {
    const sums =
      videoSums === null
        ? `(${videoSumsSql(engagement, MEDIANS)}) AS sums`
        : `${videoSums} AS sums
           JOIN (SELECT videoId, ${MEDIANS} FROM ${engagement} GROUP BY videoId) USING (videoId)`;
    return writeFile(
      database,
      folder,
      `SELECT ${COLUMNS.map(([name, sql]) => `${sql} AS "${name}"`).join(', ')}
       FROM ${sums} LEFT JOIN durations ON durations.id = sums.videoId ORDER BY sums.videoId`,
    );
  },
  checks: (engagement) => [
    ['one row a video', 'count(*) - count(DISTINCT videoId)'],
    ['viewers are the rows of engagement', equalsEngagement('sum(viewers)', engagement, 'count(*)')],
    [
      'watch time adds up',
      equalsEngagement(
        `sum(${microseconds('totalWatchTime')})`,
        engagement,
        `sum(${microseconds('totalWatchTime')})`,
      ),
    ],
    [
      'tiers add up to the viewers',
      `count(*) FILTER (${TIERS.map((tier) => `${lower(tier)}Count`).join(' + ')} <> viewers)`,
    ],
  ],
};
