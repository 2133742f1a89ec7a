import { type OutputColumn, TIERS } from '../engagement-sql.ts';
import { writeFile } from '../write.ts';
import { equalsEngagement, microseconds, type OutputTable } from './output-table.ts';

/** The mean of a column that is rounded to two decimals: of whole hundredths, because their sum has no order. */
const meanOfRounded = (column: string): string =>
  `sum(CAST(round(${column} * 100) AS BIGINT))::DOUBLE / count(${column}) / 100`;
const secondsOf = (column: string): string => `sum(${microseconds(column)})::DOUBLE / 1e6`;
const shareOf = (condition: string): string => `count(*) FILTER (${condition}) / count(*)`;
const lower = (name: string): string => name.toLowerCase();

const COLUMNS: readonly OutputColumn[] = [
  ['videoId', 'videoId'],
  ['videoTitle', 'any_value(videoTitle)'],
  ['videoDuration', 'any_value(videoDuration)'],
  ['durationSource', 'any_value(durationSource)'],
  ['viewers', 'count(*)'],
  ['sessionCount', 'sum(sessionCount)::BIGINT'],
  ['totalWatchTime', secondsOf('totalWatchTime')],
  ['totalUniqueSecondsWatched', secondsOf('totalUniqueSecondsWatched')],
  ['medianWatchTime', 'median(totalWatchTime)'],
  ['avgWatchPercentage', meanOfRounded('watchPercentage')],
  ['avgCompletionPercentage', meanOfRounded('completionPercentage')],
  ['avgUniqueWatchPercentage', meanOfRounded('uniqueWatchPercentage')],
  ['avgEngagementScore', meanOfRounded('engagementScore')],
  ['completionRate', shareOf('isCompletedAtLeastOnce')],
  ['replayRate', shareOf('isReplay')],
  ['avgForwardSkips', 'sum(totalForwardSkips)::DOUBLE / count(*)'],
  ['avgBackwardSkips', 'sum(totalBackwardSkips)::DOUBLE / count(*)'],
  ['avgPauses', 'sum(totalPauses)::DOUBLE / count(*)'],
  ...TIERS.map((tier) => [`${lower(tier)}Count`, `count(*) FILTER (engagementTier = '${tier}')`] as const),
  ['flaggedRate', shareOf(`dataQualityFlag <> 'ok'`)],
  ['dropOffPosition', `median(watchedRanges[-1]."end") FILTER (NOT isCompletedAtLeastOnce)`],
  ['firstWatchDate', 'min(firstWatchDate)'],
  ['lastWatchDate', 'max(lastWatchDate)'],
];

/** One row a video, summed up from the written engagement rows. */
export const videos: OutputTable = {
  name: 'videos',
  records: [],
  write: ({ database, folder, engagement }) =>
    writeFile(
      database,
      folder,
      `SELECT ${COLUMNS.map(([name, sql]) => `${sql} AS "${name}"`).join(', ')}
       FROM ${engagement} GROUP BY videoId ORDER BY videoId`,
    ),
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
