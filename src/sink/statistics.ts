import type { Database } from '../duckdb.ts';
import { type Check, type ExpectedTotals, judgeRows } from './checks.ts';
import { toHex } from './hash-sums.ts';
import type { ReadRows } from './row-sums.ts';

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

/** What reading the written rows back gives. */
export interface Review {
  readonly checks: readonly Check[];
  readonly statistics: Statistics;
  readonly contentHash: string;
}

/** What is read of a result beside its sums. */
export interface ReviewedTables {
  /** SQL for the rows of engagement. */
  readonly engagement: string;
  /** SQL for those of videos; null where that table is not written. */
  readonly videos: string | null;
  /** SQL for the values of watchPercentage and how often each comes, where that is known: value, n. */
  readonly percentages: string | null;
}

/** Judges rows that were read back, and reads the figures that do not add up from those of the files. */
export async function reviewRows(
  database: Database,
  { engagement, videos: table, percentages }: ReviewedTables,
  { sums, violations, users }: ReadRows,
  expected: ExpectedTotals,
): Promise<Review> {
  const [row] = await database.rows<{ quartiles: number[] | null }>(
    `SELECT (${quartilesSql(percentages ?? countValuesSql('watchPercentage', engagement))}) AS quartiles`,
  );
  const viewed = `SELECT videoId, any_value(videoTitle) AS videoTitle, count(*) AS viewers,
      sum(CAST(totalWatchTime * 1e6 AS BIGINT))::DOUBLE / 1e6 AS totalWatchTime
    FROM ${engagement} GROUP BY videoId`;
  const videos = await database.rows<{
    videoId: string;
    title: string | null;
    viewers: number;
    seconds: number;
    videos: number;
  }>(
    `SELECT videoId, videoTitle AS title, viewers::DOUBLE AS viewers, totalWatchTime AS seconds,
       (count(*) OVER ())::DOUBLE AS videos
     FROM ${table ?? `(${viewed})`} ORDER BY seconds DESC, videoId LIMIT 10`,
  );
  return {
    checks: judgeRows(sums, violations, expected),
    statistics: {
      users,
      videos: videos[0]?.videos ?? 0,
      rows: sums.rows,
      totalWatchSeconds: Number(sums.watchUs) / 1e6,
      tiers: sums.tiers,
      flags: sums.flags,
      watchPercentageQuartiles: (row?.quartiles ?? null) as [number, number, number] | null,
      topVideos: videos.map(({ videoId, title, viewers, seconds }) => ({
        videoId,
        title,
        viewers,
        watchSeconds: seconds,
      })),
    },
    contentHash: toHex(sums.rowHash),
  };
}

/** SQL for the values of a column and how often each comes: value, n. */
export const countValuesSql = (column: string, source: string): string =>
  `(SELECT ${column} AS value, count(*) AS n FROM ${source} WHERE ${column} IS NOT NULL GROUP BY 1)`;

/**
 * SQL for quartiles as quantile_cont gives them, from the counts of values (SQL for a table of value and n):
 * percentages have two decimals, so there are few, and no list of all rows need be kept and sorted.
 */
export function quartilesSql(counts: string): string {
  const place = (quarters: number): string => `(total - 1) * ${quarters} / 4`;
  const quartile = (quarters: number): string => {
    const at = (order: string): string => `min(value) FILTER (upTo > ${order}(${place(quarters)}))`;
    const part = `max(${place(quarters)} - floor(${place(quarters)}))`;
    return `${at('floor')} * (1 - ${part}) + ${at('ceil')} * ${part}`;
  };
  return `SELECT CASE WHEN count(*) > 0 THEN [${[1, 2, 3].map(quartile).join(', ')}] END FROM (
      SELECT value, (sum(n) OVER (ORDER BY value))::DOUBLE AS upTo, (sum(n) OVER ())::DOUBLE AS total
      FROM ${counts} AS counts
    )`;
}
