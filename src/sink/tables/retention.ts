import { setImmediate } from 'node:timers/promises';
import type { Database } from '../../duckdb.ts';
import { MAX_BUCKETS } from '../../kernel/layout.ts';
import { VideoBuckets } from '../../kernel/video-buckets.ts';
import { throwIfStopped } from '../../progress-counters.ts';
import { type FlatColumn, type FlatRows, registerFlatTable } from '../flat-table.ts';
import { writeFile } from '../write.ts';
import { equalsEngagement, type OutputTable, type TableInput } from './output-table.ts';
import { DenseSums, RetentionRows } from './retention-sums.ts';
import { addViews, type ViewPlaces } from './retention-views.ts';

/** Buckets of the videos that have arrays, and changes from bucket to bucket of the others. */
const BUCKETS = 'playfold_retention_buckets';
const CHANGES = 'playfold_retention_changes';

const COLUMNS: readonly FlatColumn[] = [
  { name: 'videoHash', type: 'u64' },
  { name: 'bucket', type: 'i32' },
  { name: 'viewers', type: 'i32' },
  { name: 'views', type: 'i32' },
  { name: 'ended', type: 'i32' },
];

/** Seconds of video where a bucket begins. */
const startOf = (bucket: string): string =>
  `CASE WHEN duration <= ${MAX_BUCKETS} THEN ${bucket}::DOUBLE ELSE ${bucket} * duration / ${MAX_BUCKETS} END`;

/**
 * From changes to the buckets between them. What a video's last change leaves behind is 0; a bucket that nobody
 * saw has no row.
 */
const CHANGES_SQL = `
  SELECT videoHash, unnest(range(bucket, nextBucket))::INTEGER AS bucket, viewers, views,
    unnest([ended] || list_transform(range(bucket + 1, nextBucket), lambda later: 0::INTEGER)) AS ended
  FROM (
    SELECT videoHash, bucket, ended, (sum(viewers) OVER upToHere)::INTEGER AS viewers,
      (sum(views) OVER upToHere)::INTEGER AS views,
      lead(bucket) OVER (PARTITION BY videoHash ORDER BY bucket) AS nextBucket
    FROM (
      SELECT videoHash, bucket, sum(viewers)::INTEGER AS viewers, sum(views)::INTEGER AS views,
        sum(ended)::INTEGER AS ended
      FROM ${CHANGES}() GROUP BY videoHash, bucket
    ) WINDOW upToHere AS (PARTITION BY videoHash ORDER BY bucket)
  ) WHERE viewers > 0`;

const retentionSql = (buckets: string): string => `
  SELECT durations.id AS videoId, bucket::BIGINT AS bucket, ${startOf('bucket')} AS startPosition,
    least(duration, ${startOf('(bucket + 1)')}) AS endPosition, viewers::BIGINT AS viewers, views::BIGINT AS views,
    ended::BIGINT AS viewersEnded
  FROM (${buckets}) JOIN durations ON durations.hash = videoHash`;

/** Videos with the most viewers come first: they are worth an array. Their ranks are by id. */
async function readVideos(database: Database): Promise<{ videos: VideoBuckets; ranks: readonly number[] }> {
  const [hashes = [], durations = [], ranks = []] = await database.columns(
    `SELECT hash, durations.duration, (row_number() OVER (ORDER BY id))::INTEGER FROM durations
     JOIN estimates ON videoHash = hash WHERE durations.duration IS NOT NULL ORDER BY viewers DESC`,
  );
  return {
    videos: new VideoBuckets(hashes as bigint[], durations as number[]),
    ranks: ranks as number[],
  };
}

async function writeRetention(input: TableInput): Promise<void> {
  const { database, folder, settings } = input;
  const { videos, ranks } = await readVideos(database);
  const places: ViewPlaces = {
    byBucket: input.records.get('bucketViews')?.places ?? [],
    numbers: input.videos === null ? new Int32Array(0) : videos.numbersOf(input.videos),
    byPosition: input.records.get('positionViews')?.places ?? [],
  };
  const arrayBytes = settings.retentionBytes ?? Math.min(settings.memoryBytes / 32, MAX_DENSE_BYTES);
  const sums = new DenseSums(videos, arrayBytes);
  for (const _ of addViews(places, videos, { first: 0, end: sums.videoCount }, sums)) {
    throwIfStopped(input.counters);
    // Whoever wants to stop the run is heard.
    await setImmediate();
  }
  const inOrder = Array.from({ length: sums.videoCount }, (_, video) => video);
  inOrder.sort((a, b) => ranks[a]! - ranks[b]!);
  const bucketTotal = videos.bucketTotal;
  registerFlatTable(database, BUCKETS, COLUMNS, bucketTotal, () => sums.buckets(videos, inOrder));
  if (sums.videoCount === videos.count) {
    // In order, readers find a video by the file's statistics.
    await writeFile(database, folder, retentionSql(`SELECT * FROM ${BUCKETS}()`));
    return;
  }
  registerFlatTable(database, CHANGES, COLUMNS, bucketTotal, () =>
    changesOfOthers(places, videos, sums.videoCount, input),
  );
  // Sorting more than that would take memory and time.
  const order = bucketTotal <= MAX_SORTED_ROWS ? 'ORDER BY videoId, bucket' : '';
  const all = `SELECT * FROM ${BUCKETS}() UNION ALL ${CHANGES_SQL}`;
  await writeFile(database, folder, `${retentionSql(all)} ${order}`);
}

/** The changes of the videos that have no arrays, one by one, for DuckDB to add up. */
function* changesOfOthers(
  places: ViewPlaces,
  videos: VideoBuckets,
  first: number,
  { counters }: TableInput,
): Generator<FlatRows> {
  const rows = new RetentionRows(videos);
  for (const _ of addViews(places, videos, { first, end: videos.count }, rows)) {
    throwIfStopped(counters);
    if (rows.isFull) yield rows.take();
  }
  yield rows.take();
}

const MAX_DENSE_BYTES = 128 * 1024 * 1024;
const MAX_SORTED_ROWS = 3_000_000;

/** One row a video and bucket that somebody saw: 1 s of a video up to 10 minutes, else a 600th of it. */
export const retention: OutputTable = {
  name: 'retention',
  records: ['bucketViews', 'positionViews'],
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
