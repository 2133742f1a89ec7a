import type { Database } from '../duckdb.ts';
import type { PublishedTables } from '../query/tables.ts';
import type { Manifest } from '../sink/manifest.ts';
import type { CurvePoint } from './charts/retention.ts';
import { findPeaks, RETENTION_COLUMNS, readCurves } from './curves.ts';

/** One of the videos watched longest. */
export interface TopVideo {
  readonly videoId: string;
  /** The title, or the id where there is none. */
  readonly name: string;
  readonly viewers: number;
  readonly watchHours: number;
  readonly watchedPercent: number | null;
  readonly completedPercent: number;
  readonly watchRatio: number | null;
  readonly skipsPerViewer: number;
  /** Half of those who never completed it stopped before this share of it; null where all completed it. */
  readonly medianStopPercent: number | null;
  /** Seconds; the furthest position of any viewer where the duration is unknown. */
  readonly lengthSeconds: number;
  /** Viewers (in percent of all of the video) along the video. */
  readonly curve: readonly CurvePoint[];
  /** Views, replays included, on the same scale; null where the result does not hold them. */
  readonly views: readonly CurvePoint[] | null;
  readonly peaks: readonly CurvePoint[];
}

/** What every section of the report draws from. */
export interface ReportContext {
  readonly database: Database;
  readonly manifest: Manifest;
  /** First and last day (UTC) of any event, ISO-8601; null without rows. */
  readonly days: { readonly first: string; readonly last: string } | null;
  /** Whether the result has a table with these columns. */
  readonly hasColumns: (table: string, ...names: readonly string[]) => boolean;
  readonly videos: readonly TopVideo[];
}

const TOP_VIDEOS = 20;

/** SQL for where a viewer stopped: the end of the last range; the furthest position where runs leave ranges out. */
export const LAST_SECOND = `coalesce(watchedRanges[-1]."end", CASE WHEN watchedRanges IS NULL THEN maxPositionReached ELSE 0 END)`;

/** Reads what several sections need. */
export async function readContext({ database, manifest, columns }: PublishedTables): Promise<ReportContext> {
  const hasColumns = (table: string, ...names: readonly string[]): boolean =>
    names.every((name) => columns.get(table)?.includes(name));
  await database.run(`CREATE TEMP TABLE topVideos AS
    SELECT row_number() OVER (ORDER BY sum(totalWatchTime) DESC, videoId) AS place, videoId,
      coalesce(any_value(videoTitle), videoId) AS name, count(*)::DOUBLE AS viewers,
      sum(totalWatchTime) / 3600 AS watchHours,
      avg(coalesce(uniqueWatchPercentage, watchPercentage)) AS watchedPercent,
      100 * avg(isCompletedAtLeastOnce::INTEGER) AS completedPercent,
      sum(totalWatchTime) / nullif(sum(totalUniqueSecondsWatched), 0) AS watchRatio,
      avg(totalForwardSkips + totalBackwardSkips) AS skipsPerViewer,
      greatest(1, coalesce(any_value(videoDuration), max(maxPositionReached))) AS lengthSeconds,
      median(least(100, 100 * ${LAST_SECOND} / videoDuration)) FILTER (NOT isCompletedAtLeastOnce) AS medianStopPercent
    FROM engagement GROUP BY videoId ORDER BY place LIMIT ${TOP_VIDEOS}`);
  const rows = await database.rows<Row>('SELECT * EXCLUDE (place) FROM topVideos ORDER BY place');
  const { curves, views } = await readCurves(database, hasColumns('retention', ...RETENTION_COLUMNS));
  const videos = rows.map((row, i) => {
    const curve = curves[i] ?? [];
    const seen = views === null ? null : (views[i] ?? []);
    return { ...row, curve, views: seen, peaks: findPeaks(curve, seen) };
  });
  const [days] = await database.rows<{ first: string | null; last: string | null }>(
    'SELECT min(firstWatchDate)::DATE::VARCHAR AS first, max(lastWatchDate)::DATE::VARCHAR AS last FROM engagement',
  );
  const { first = null, last = null } = days ?? {};
  return {
    database,
    manifest,
    days: first === null || last === null ? null : { first, last },
    hasColumns,
    videos,
  };
}

type Row = {
  videoId: string;
  name: string;
  viewers: number;
  watchHours: number;
  watchedPercent: number | null;
  completedPercent: number;
  watchRatio: number | null;
  skipsPerViewer: number;
  medianStopPercent: number | null;
  lengthSeconds: number;
};
