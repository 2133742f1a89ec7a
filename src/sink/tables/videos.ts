import type { Database } from '../../duckdb.ts';
import { throwIfStopped } from '../../progress-counters.ts';
import { enumSql } from '../dictionaries.ts';
import { FLAGS, type OutputColumn, TIERS } from '../engagement-sql.ts';
import { isInRange } from '../hash-ranges.ts';
import { writeFile } from '../write.ts';
import { microseconds, type OutputTable, type TableInput } from './output-table.ts';
import { LAST_END, medians, SUMMED_COLUMNS, videoSumsSql } from './video-sums.ts';

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
/** Of what is added up at once in order. Otherwise each part reads all rows, and parts are as large as may be. */
const MOST_ORDERED_BYTES = 512e6;

const KEY = 'videoHash';

/** What is added up of a row of engagement. */
const ADDED_COLUMNS: readonly string[] = [
  `hash(videoId) AS ${KEY}`,
  ...SUMMED_COLUMNS.filter((column) => column !== 'videoId'),
  `${LAST_END} AS lastEnd`,
];

/** Adds up the videos, in parts where the memory asks for it: DuckDB spills neither what medians gather, nor counts it. */
async function writeVideos(input: TableInput): Promise<void> {
  const { database, folder, engagement, videoSums, settings, counters } = input;
  const [count] = await database.rows<{ videos: number; rows: number }>(
    `SELECT (SELECT count(*) FROM durations)::DOUBLE AS videos, count(*)::DOUBLE AS rows FROM ${engagement}`,
  );
  const { videos: videoCount, rows: rowCount } = count ?? { videos: 0, rows: 0 };
  const neededBytes = videoCount * BYTES_A_VIDEO + rowCount * BYTES_A_ROW;
  const limitBytes = settings.videoSumsBytes ?? settings.memoryBytes / 4;
  const areMany = videoCount > (settings.fewVideos ?? FEW_VIDEOS);
  const partBytes = areMany ? Math.min(limitBytes, MOST_ORDERED_BYTES) : limitBytes;
  const partCount = Math.max(1, Math.ceil(neededBytes / partBytes));
  const unordered = `(SELECT ${ADDED_COLUMNS.join(', ')} FROM ${engagement})`;
  const rows = areMany ? await orderRows(database, unordered) : unordered;
  for (let part = 0; part < partCount; part++) {
    throwIfStopped(counters);
    const own = `(SELECT * FROM ${rows} WHERE ${isInRange(KEY, part, partCount)})`;
    await addPart(database, own, videoSums, part);
  }
  if (areMany) await database.run(`DROP TABLE ${rows}`);
  await writeFile(database, folder, videosSql(videoSums));
  await database.run('DROP TABLE video_parts');
}

/**
 * Creates a table of the rows, sorted by video and in columns of fixed width, by which sorting takes half the time. Returns
 * its name. What is added to stays in the cache, and a part of the videos is read without the others: 10M rows of 2M
 * videos take half the time of adding them up as they come, a fifth in 512 MB.
 */
async function orderRows(database: Database, rows: string): Promise<string> {
  const counts = ['sessionCount', 'totalForwardSkips', 'totalBackwardSkips', 'totalPauses'];
  const narrow = [
    ...counts.map((column) => `${column}::INTEGER AS ${column}`),
    `engagementTier::${enumSql(TIERS)} AS engagementTier`,
    `dataQualityFlag::${enumSql(['ok', ...FLAGS])} AS dataQualityFlag`,
  ];
  await database.run(
    `CREATE TEMP TABLE video_rows AS SELECT * REPLACE (${narrow.join(', ')}) FROM ${rows} ORDER BY ${KEY}`,
  );
  return 'video_rows';
}

/** Adds what the rows of some videos come to, or of their sums what is not known, to the table video_parts. */
async function addPart(
  database: Database,
  rows: string,
  videoSums: string | null,
  part: number,
): Promise<void> {
  const more = medians('lastEnd');
  const into = part === 0 ? 'CREATE TEMP TABLE video_parts AS' : 'INSERT INTO video_parts';
  const sql =
    videoSums === null
      ? videoSumsSql(rows, more, KEY)
      : `SELECT ${KEY}, ${more} FROM ${rows} GROUP BY ${KEY}`;
  await database.run(`${into} ${sql}`);
}

/** SQL for the table of videos from the table video_parts and the sums of their rows, where these are known. */
function videosSql(videoSums: string | null): string {
  const joined = `JOIN durations ON hash(durations.id::VARCHAR) = ${KEY}`;
  const sums =
    videoSums === null
      ? `video_parts AS sums ${joined}`
      : `video_parts ${joined} JOIN ${videoSums} AS sums ON sums.videoId = durations.id`;
  const columns = COLUMNS.map(([name, sql]) => `${sql} AS "${name}"`).join(', ');
  return `SELECT ${columns} FROM ${sums} ORDER BY durations.id`;
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
