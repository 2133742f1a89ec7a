import type { Database } from '../duckdb.ts';
import { idHash } from '../source/scan.ts';
import {
  CHECK_AGGREGATES,
  type Check,
  contentHashSql,
  type ExpectedTotals,
  judgeRows,
  negativeRowsSql,
  pairSumSql,
} from './checks.ts';
import { FLAGS, TIERS } from './engagement-sql.ts';

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

/** What reading the written rows back gives. */
export interface Review {
  readonly checks: readonly Check[];
  readonly statistics: Statistics;
  readonly contentHash: string;
}

/**
 * Reads the written rows back, in two scans: checks, figures and content hash. `source` is SQL for the table. Users
 * are those of the table users, each of whom has rows: counting distinct ones took a third of it for 20M users.
 */
export async function reviewRows(
  database: Database,
  source: string,
  expected: ExpectedTotals,
  { uniqueSeconds, idHashBits }: { readonly uniqueSeconds: boolean; readonly idHashBits: number },
): Promise<Review> {
  const [row] = await database.rows<
    Record<string, number> & { contentHash: string; pairSum: string; quartiles: number[] | null }
  >(
    `SELECT ${[...CHECK_AGGREGATES, ...statisticAggregates()].join(', ')},
       ${contentHashSql(uniqueSeconds)} AS contentHash, ${negativeRowsSql(source)} AS negativeRows,
       ${pairSumSql(idHash('userId', idHashBits), idHash('videoId', idHashBits))} AS pairSum,
       (${quartilesSql('watchPercentage', source)}) AS quartiles, (SELECT count(*) FROM users)::DOUBLE AS users
     FROM ${source}`,
  );
  const videos = await database.rows<{
    videoId: string;
    title: string | null;
    viewers: number;
    seconds: number;
    videos: number;
  }>(
    `SELECT videoId, any_value(videoTitle) AS title, count(*)::DOUBLE AS viewers, ${WATCH_SECONDS} AS seconds,
       (count(*) OVER ())::DOUBLE AS videos
     FROM ${source} GROUP BY videoId ORDER BY seconds DESC, videoId LIMIT 10`,
  );
  const figure = (name: string): number => row?.[name] ?? 0;
  const statistics: Statistics = {
    users: figure('users'),
    videos: videos[0]?.videos ?? 0,
    rows: figure('rowCount'),
    totalWatchSeconds: figure('watchSeconds'),
    tiers: Object.fromEntries(TIERS.map((tier) => [tier, figure(tier)])),
    flags: Object.fromEntries(['ok', ...FLAGS].map((flag) => [flag, figure(flag)])),
    watchPercentageQuartiles: (row?.quartiles ?? null) as [number, number, number] | null,
    topVideos: videos.map(({ videoId, title, viewers, seconds }) => ({
      videoId,
      title,
      viewers,
      watchSeconds: seconds,
    })),
  };
  return {
    checks: judgeRows(row ?? {}, row?.pairSum ?? '', expected),
    statistics,
    contentHash: row?.contentHash ?? '',
  };
}

/**
 * SQL for the quartiles of `column` as quantile_cont gives them, from the counts of its values: percentages have two
 * decimals, so there are few, and no list of all rows need be kept and sorted.
 */
export function quartilesSql(column: string, source: string): string {
  return `SELECT list(low * (1 - part) + high * part ORDER BY q) FROM (
      SELECT q, min(value) FILTER (upTo > floor(place)) AS low, min(value) FILTER (upTo > ceil(place)) AS high,
        any_value(place - floor(place)) AS part
      FROM (
        SELECT value, q, (sum(n) OVER (PARTITION BY q ORDER BY value))::DOUBLE AS upTo,
          ((sum(n) OVER (PARTITION BY q))::DOUBLE - 1) * q AS place
        FROM (SELECT ${column} AS value, count(*) AS n FROM ${source} WHERE ${column} IS NOT NULL GROUP BY 1),
          (SELECT unnest([0.25, 0.5, 0.75])::DOUBLE AS q)
      ) GROUP BY q
    )`;
}

function statisticAggregates(): string[] {
  const tiers = TIERS.map((tier) => `count(*) FILTER (engagementTier = '${tier}')::DOUBLE AS "${tier}"`);
  const flags = FLAGS.map(
    (flag) => `count(*) FILTER (list_contains(dataQualityFlags, '${flag}'))::DOUBLE AS "${flag}"`,
  );
  return [
    `coalesce(${WATCH_SECONDS}, 0) AS watchSeconds`,
    `count(*) FILTER (dataQualityFlag = 'ok')::DOUBLE AS ok`,
    ...tiers,
    ...flags,
  ];
}
