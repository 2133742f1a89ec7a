import { throwIfStopped } from '../../progress-counters.ts';
import { type OutputColumn, TIERS } from '../engagement-sql.ts';
import { writeFile } from '../write.ts';
import { microseconds, type OutputTable, type TableInput } from './output-table.ts';

/** What the rows of a video add up to: SQL aggregates over rows of engagement. Hundredths and microseconds are whole numbers. */
const hundredths = (column: string): string => `CAST(round(${column} * 100) AS BIGINT)`;
const sum = (addend: string): string => `coalesce(sum(${addend}), 0)::BIGINT`;
const countIf = (condition: string): string => `count(*) FILTER (${condition})`;
const lower = (name: string): string => name.toLowerCase();
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

/** What the rows of a video do not add up to. */
const MEDIANS = `median(totalWatchTime) AS medianWatchTime,
  median(watchedRanges[-1]."end") FILTER (NOT isCompletedAtLeastOnce) AS dropOffPosition`;

/** What all rows of a video have alike. Of 2M videos, joining it from their durations takes twice the time of all else. */
const ALIKE = `any_value(videoTitle) AS title, any_value(videoDuration) AS duration,
  any_value(durationSource) AS source`;

/** SQL for what the rows of each video in `engagement` (SQL for a table) add up to. */
export function videoSumsSql(engagement: string, more = ''): string {
  const sums = SUMS.map(([name, aggregate]) => `${aggregate} AS "${name}"`);
  return `SELECT videoId, ${sums.join(', ')}, min(firstWatchDate) AS firstWatchDate,
      max(lastWatchDate) AS lastWatchDate${more === '' ? '' : `, ${more}`}
    FROM ${engagement} GROUP BY videoId`;
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

const mean = (column: string): string =>
  `CASE WHEN "${column}Rows" > 0 THEN "${column}Sum"::DOUBLE / "${column}Rows" / 100 END`;

const COLUMNS: readonly OutputColumn[] = [
  ['videoId', 'sums.videoId'],
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

/** What DuckDB holds of a video and of a row while it adds up; what medians gather, it neither counts nor spills. */
const BYTES_A_VIDEO = 1500;
const BYTES_A_ROW = 32;
/** Up to so many videos, looking at every row for what is alike costs more than joining it. */
const FEW_VIDEOS = 100_000;

/** SQL for the table of videos from the rows of `engagement`, and the sums of them where these are known. */
function videosSql(engagement: string, videoSums: string | null, areMany: boolean): string {
  const joined = 'LEFT JOIN durations ON durations.id = sums.videoId';
  let sums = `(${videoSumsSql(engagement, MEDIANS)}) AS sums ${joined}`;
  if (areMany) sums = `(${videoSumsSql(engagement, `${MEDIANS}, ${ALIKE}`)}) AS sums`;
  if (videoSums !== null)
    sums = `${videoSums} AS sums
      JOIN (SELECT videoId, ${MEDIANS} FROM ${engagement} GROUP BY videoId) USING (videoId) ${joined}`;
  return `SELECT ${COLUMNS.map(([name, sql]) => `${sql} AS "${name}"`).join(', ')} FROM ${sums}`;
}

async function writeVideos({
  database,
  folder,
  engagement,
  videoSums,
  settings,
  counters,
}: TableInput): Promise<void> {
  const [count] = await database.rows<{ videos: number; rows: number }>(
    `SELECT (SELECT count(*) FROM durations)::DOUBLE AS videos, count(*)::DOUBLE AS rows FROM ${engagement}`,
  );
  const { videos: videoCount, rows } = count ?? { videos: 0, rows: 0 };
  const neededBytes = videoCount * BYTES_A_VIDEO + rows * BYTES_A_ROW;
  const partCount = Math.ceil(neededBytes / (settings.videoSumsBytes ?? settings.memoryBytes / 4));
  if (partCount <= 1) {
    const sql = videosSql(engagement, videoSums, videoCount > FEW_VIDEOS);
    await writeFile(database, folder, `${sql} ORDER BY sums.videoId`);
    return;
  }
  // Part by part: a table in memory can be spilled, and what is being added up cannot.
  for (let part = 0; part < partCount; part++) {
    throwIfStopped(counters);
    const some = `(SELECT * FROM ${engagement} WHERE hash(videoId) % ${partCount} = ${part})`;
    const into = part === 0 ? 'CREATE TEMP TABLE video_rows AS' : 'INSERT INTO video_rows';
    await database.run(`${into} ${videosSql(some, videoSums, true)}`);
  }
  await writeFile(database, folder, 'SELECT * FROM video_rows ORDER BY videoId');
  await database.run('DROP TABLE video_rows');
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
