import type { Database } from '../../duckdb.ts';
import { registerFlatTable } from '../flat-table.ts';
import { FOLDED_TABLE } from '../folded-table.ts';
import { writeFile } from '../write.ts';
import { equalsEngagement, type OutputTable, type TableInput } from './output-table.ts';
import { CHANGE_COLUMNS, retentionChanges } from './retention-changes.ts';
import { MAX_BUCKETS, VideoBuckets } from './video-buckets.ts';

const CHANGES = 'playfold_retention_changes';

/** Seconds of video where a bucket begins. */
const startOf = (bucket: string): string =>
  `CASE WHEN duration <= ${MAX_BUCKETS} THEN ${bucket}::DOUBLE ELSE ${bucket} * duration / ${MAX_BUCKETS} END`;

/**
 * From changes to the buckets between them. What a video's last change leaves behind is 0; a bucket that nobody
 * saw has no row.
 */
const RETENTION_SQL = `
  WITH changes AS (
    SELECT videoHash, bucket, sum(viewers)::INTEGER AS viewers, sum(views)::INTEGER AS views,
      sum(ended)::INTEGER AS ended
    FROM ${CHANGES}() GROUP BY videoHash, bucket
  ), levels AS (
    SELECT videoHash, bucket, ended, sum(viewers) OVER upToHere AS viewers, sum(views) OVER upToHere AS views,
      lead(bucket) OVER (PARTITION BY videoHash ORDER BY bucket) AS nextBucket
    FROM changes WINDOW upToHere AS (PARTITION BY videoHash ORDER BY bucket)
  ), buckets AS (
    SELECT videoHash, bucket AS first, unnest(range(bucket, nextBucket)) AS bucket, viewers, views, ended
    FROM levels WHERE viewers > 0
  )
  SELECT durations.id AS videoId, bucket::BIGINT AS bucket, ${startOf('bucket')} AS startPosition,
    least(duration, ${startOf('(bucket + 1)')}) AS endPosition, viewers::BIGINT AS viewers, views::BIGINT AS views,
    CASE WHEN bucket = first THEN ended ELSE 0 END::BIGINT AS viewersEnded
  FROM buckets JOIN durations ON durations.hash = videoHash`;

/** Videos with the most viewers come first: they are worth an array. */
function readVideos(database: Database): Promise<VideoBuckets> {
  return VideoBuckets.read(
    database,
    `SELECT hash, duration FROM durations
     JOIN (SELECT videoHash, count(*) AS viewers FROM ${FOLDED_TABLE}() GROUP BY videoHash) ON videoHash = hash
     WHERE duration IS NOT NULL ORDER BY viewers DESC`,
  );
}

async function writeRetention({ database, folder, settings, folded, records }: TableInput): Promise<void> {
  const videos = await readVideos(database);
  const replays = records.get('replays')?.places ?? [];
  const denseBytes = settings.retentionBytes ?? Math.min(settings.memoryBytes / 32, MAX_DENSE_BYTES);
  registerFlatTable(database, CHANGES, CHANGE_COLUMNS, videos.count * 100, () =>
    retentionChanges({ videos, folded, replays, denseBytes }),
  );
  // In order, readers find a video by the file's statistics. Sorting more would take memory and time.
  const order = videos.bucketTotal <= MAX_SORTED_ROWS ? 'ORDER BY videoId, bucket' : '';
  await writeFile(database, folder, `${RETENTION_SQL} ${order}`);
}

const MAX_DENSE_BYTES = 128 * 1024 * 1024;
const MAX_SORTED_ROWS = 3_000_000;

/** One row a video and bucket that somebody saw: 1 s of a video up to 10 minutes, else a 600th of it. */
export const retention: OutputTable = {
  name: 'retention',
  records: ['replays'],
  write: writeRetention,
  checks: (engagement) => [
    [
      'no bucket without a viewer, with fewer views or with more ends',
      'count(*) FILTER (viewers < 1 OR views < viewers OR viewersEnded > viewers)',
    ],
    [
      'every viewer ends somewhere',
      equalsEngagement('sum(viewersEnded)', engagement, 'count(*) FILTER (totalWatchTime > 0)'),
    ],
  ],
};
