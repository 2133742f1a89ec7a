import type { Database } from '../../duckdb.ts';
import { throwIfStopped } from '../../progress-counters.ts';
import { enumSql } from '../dictionaries.ts';
import { FLAGS, type OutputColumn, TIERS } from '../engagement-sql.ts';
import { isInRange } from '../hash-ranges.ts';
import { writeFile } from '../write.ts';
import { microseconds, type OutputTable, type TableInput } from './output-table.ts';
import { LAST_END, MEANS, medians, videoSumsSql } from './video-sums.ts';

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

/** What DuckDB holds of a video and of a row while it adds up; what medians gather, it neither counts nor spills. */
const BYTES_A_VIDEO = 1500;
const BYTES_A_ROW = 32;
/** More videos than these are added up in order: see orderRows. */
const FEW_VIDEOS = 100_000;
/** Of what is added up at once. */
const MOST_PART_BYTES = 512e6;

/** SQL for the table of videos from what their rows come to: `sums` is SQL for a table, joined with durations. */
const videosSql = (sums: string): string =>
  `SELECT ${COLUMNS.map(([name, sql]) => `${sql} AS "${name}"`).join(', ')} FROM ${sums} ORDER BY durations.id`;

async function writeVideos(input: TableInput): Promise<void> {
  const { database, folder, engagement, videoSums, settings } = input;
  const [count] = await database.rows<{ videos: number; rows: number }>(
    `SELECT (SELECT count(*) FROM durations)::DOUBLE AS videos, count(*)::DOUBLE AS rows FROM ${engagement}`,
  );
  const { videos: videoCount, rows } = count ?? { videos: 0, rows: 0 };
  const neededBytes = videoCount * BYTES_A_VIDEO + rows * BYTES_A_ROW;
  const limitBytes = settings.videoSumsBytes ?? settings.memoryBytes / 4;
  const areMany = videoCount > (settings.fewVideos ?? FEW_VIDEOS);
  if (areMany || neededBytes > limitBytes) {
    await writeInParts(input, areMany, Math.ceil(neededBytes / Math.min(limitBytes, MOST_PART_BYTES)));
    return;
  }
  const more = medians(LAST_END);
  const sums =
    videoSums === null
      ? `(${videoSumsSql(engagement, more)}) AS sums`
      : `${videoSums} AS sums JOIN (SELECT videoId, ${more} FROM ${engagement} GROUP BY videoId) USING (videoId)`;
  await writeFile(database, folder, videosSql(`${sums} JOIN durations ON durations.id = sums.videoId`));
}

/** What is added up of a row, in columns of fixed width, by which sorting takes half the time. */
const ADDED_COLUMNS: readonly string[] = [
  'hash(videoId) AS videoHash',
  ...['totalWatchTime', 'totalUniqueSecondsWatched', ...MEANS],
  ...['sessionCount', 'totalForwardSkips', 'totalBackwardSkips', 'totalPauses'].map(
    (column) => `${column}::INTEGER AS ${column}`,
  ),
  ...['isCompletedAtLeastOnce', 'isReplay', 'firstWatchDate', 'lastWatchDate'],
  `engagementTier::${enumSql(TIERS)} AS engagementTier`,
  `dataQualityFlag::${enumSql(['ok', ...FLAGS])} AS dataQualityFlag`,
  `${LAST_END} AS lastEnd`,
];

/** Adds up the videos in `partCount` parts: DuckDB spills neither what medians gather, nor counts it. */
async function writeInParts(input: TableInput, areMany: boolean, partCount: number): Promise<void> {
  const { database, folder, engagement, videoSums, counters } = input;
  const addedRows = `SELECT ${ADDED_COLUMNS.join(', ')} FROM ${engagement}`;
  if (areMany) await orderRows(database, addedRows);
  const [key, more] = ['videoHash', medians('lastEnd')];
  for (let part = 0; part < partCount; part++) {
    throwIfStopped(counters);
    const rows = `(SELECT * FROM ${areMany ? 'video_rows' : `(${addedRows})`} WHERE ${isInRange(key, part, partCount)})`;
    const into = part === 0 ? 'CREATE TEMP TABLE video_parts AS' : 'INSERT INTO video_parts';
    await database.run(
      videoSums === null
        ? `${into} ${videoSumsSql(rows, more, key)}`
        : `${into} SELECT ${key}, ${more} FROM ${rows} GROUP BY ${key}`,
    );
  }
  if (areMany) await database.run('DROP TABLE video_rows');
  const joined = 'JOIN durations ON hash(durations.id::VARCHAR) = videoHash';
  const sums =
    videoSums === null
      ? `video_parts AS sums ${joined}`
      : `video_parts ${joined} JOIN ${videoSums} AS sums ON sums.videoId = durations.id`;
  await writeFile(database, folder, videosSql(sums));
  await database.run('DROP TABLE video_parts');
}

/**
 * Creates the table video_rows, sorted by video: what is added to stays in the cache, and a part of the videos is read
 * without the others. 10M rows of 2M videos take half the time of adding them up as they come, a fifth in 512 MB.
 */
async function orderRows(database: Database, rows: string): Promise<void> {
  await database.run(`CREATE TEMP TABLE video_rows AS ${rows} ORDER BY videoHash`);
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
