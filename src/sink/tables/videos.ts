import { type OutputColumn, TIERS } from '../engagement-sql.ts';
import { writeFile } from '../write.ts';
import { microseconds, type OutputTable, type TableInput } from './output-table.ts';
import { type AddedUp, createVideoParts, VIDEO_KEY } from './video-parts.ts';
import { medians, SUMMED_COLUMNS, videoSumsSql } from './video-sums.ts';

const lower = (name: string): string => name.toLowerCase();
const mean = (column: string): string =>
  `CASE WHEN "${column}Rows" > 0 THEN "${column}Sum"::DOUBLE / "${column}Rows" / 100 END`;

const COLUMNS: readonly OutputColumn[] = [
  ['videoId', 'durations.id'],
  ['videoTitle', 'title'],
  ['videoDuration', 'duration'],
  ['durationSource', 'source'],
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

/** Writes what the rows of each video come to, adding it up where it is not known. */
async function writeVideos(input: TableInput): Promise<void> {
  const { database, folder, videoParts } = input;
  if (videoParts === null) await createVideoParts(input, ADDED);
  await writeFile(database, folder, videosSql(videoParts ?? ADDED.table));
  if (videoParts === null) await database.run(`DROP TABLE ${ADDED.table}`);
}

const ADDED: AddedUp = {
  table: 'video_parts',
  columns: SUMMED_COLUMNS,
  sql: (rows) => videoSumsSql(rows, medians('lastEnd'), VIDEO_KEY),
};

/** SQL for the table of videos from what the rows of each come to. */
function videosSql(parts: string): string {
  const columns = COLUMNS.map(([name, sql]) => `${sql} AS "${name}"`).join(', ');
  return `SELECT ${columns} FROM ${parts} AS sums JOIN durations ON hash(durations.id::VARCHAR) = ${VIDEO_KEY}
    ORDER BY durations.id`;
}

/** One row a video, summed up from the written engagement rows. */
export const videos: OutputTable = {
  name: 'videos',
  records: [],
  write: writeVideos,
  checks: (_, { rows, watchUs }) => [
    ['one row a video', 'count(*) - count(DISTINCT videoId)'],
    ['viewers are the rows of engagement', `abs(coalesce(sum(viewers), 0) - ${rows})`],
    ['watch time adds up', `abs(coalesce(sum(${microseconds('totalWatchTime')}), 0) - ${watchUs})`],
    [
      'tiers add up to the viewers',
      `count(*) FILTER (${TIERS.map((tier) => `${lower(tier)}Count`).join(' + ')} <> viewers)`,
    ],
  ],
};
