import type { Database } from '../duckdb.ts';
import { FLAGS } from './engagement-sql.ts';

/** Figures of a result, read back from what was written. */
export interface Statistics {
  readonly users: number;
  readonly videos: number;
  readonly rows: number;
  readonly totalWatchSeconds: number;
  readonly tiers: Readonly<Record<string, number>>;
  /** How many rows carry each flag; `ok` for those that carry none. */
  readonly flags: Readonly<Record<string, number>>;
  readonly watchPercentageQuartiles: readonly [number, number, number] | null;
  readonly topVideos: readonly TopVideo[];
}

export interface TopVideo {
  readonly videoId: string;
  readonly title: string | null;
  readonly viewers: number;
  readonly watchSeconds: number;
}

/** Summed as integers: a sum of doubles would depend on the order of the rows. */
const WATCH_SECONDS = 'sum(CAST(totalWatchTime * 1e6 AS BIGINT))::DOUBLE / 1e6';

const TIERS = ['High', 'Medium', 'Low', 'Minimal'];

/** Reads the figures of the written table; `source` is SQL for it. All are exact. */
export async function readStatistics(database: Database, source: string): Promise<Statistics> {
  const tierCounts = TIERS.map((tier) => `count_if(engagementTier = '${tier}')::DOUBLE AS "${tier}"`);
  const flagCounts = FLAGS.map(
    (flag) => `count_if(list_contains(dataQualityFlags, '${flag}'))::DOUBLE AS "${flag}"`,
  );
  const [row] = await database.rows<Record<string, number>>(
    `SELECT count(*)::DOUBLE AS rows, count(DISTINCT hash(userId))::DOUBLE AS users,
       coalesce(${WATCH_SECONDS}, 0) AS watchSeconds,
       count_if(dataQualityFlag = 'ok')::DOUBLE AS ok, ${[...tierCounts, ...flagCounts].join(', ')},
       quantile_cont(watchPercentage, 0.25) AS q1, quantile_cont(watchPercentage, 0.5) AS q2,
       quantile_cont(watchPercentage, 0.75) AS q3
     FROM ${source}`,
  );
  const videos = await database.rows<{
    videoId: string;
    title: string | null;
    viewers: number;
    seconds: number;
  }>(
    `SELECT videoId, any_value(videoTitle) AS title, count(*)::DOUBLE AS viewers, ${WATCH_SECONDS} AS seconds
     FROM ${source} GROUP BY videoId ORDER BY seconds DESC, videoId LIMIT 10`,
  );
  const [{ videoCount } = { videoCount: 0 }] = await database.rows<{ videoCount: number }>(
    `SELECT count(DISTINCT videoId)::DOUBLE AS videoCount FROM ${source}`,
  );
  const figure = (name: string): number => row?.[name] ?? 0;
  return {
    users: figure('users'),
    videos: videoCount,
    rows: figure('rows'),
    totalWatchSeconds: figure('watchSeconds'),
    tiers: Object.fromEntries(TIERS.map((tier) => [tier, figure(tier)])),
    flags: Object.fromEntries(['ok', ...FLAGS].map((flag) => [flag, figure(flag)])),
    watchPercentageQuartiles: row?.q2 == null ? null : [figure('q1'), figure('q2'), figure('q3')],
    topVideos: videos.map(({ seconds, ...video }) => ({ ...video, watchSeconds: seconds })),
  };
}
