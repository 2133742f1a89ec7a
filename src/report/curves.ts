import type { Database } from '../duckdb.ts';
import type { CurvePoint } from './charts/retention.ts';

/** Points of a curve: one in the middle of each hundredth of the video. */
const POINTS = 100;
const MAX_PEAKS = 3;
/** A peak stands above the lowest point before it by this many percent of the viewers, and this share of itself. */
const MIN_RISE_PERCENT = 4;
const MIN_RISE_SHARE = 0.1;
/** Peaks nearer to each other than so many points are one. */
const MIN_DISTANCE = 10;

/** What views are read from, where the result has it. */
export const RETENTION_COLUMNS = ['videoId', 'startPosition', 'endPosition', 'views'] as const;

export interface Curves {
  /** By place among the top videos: the share of its viewers that saw each point. */
  readonly curves: readonly (readonly CurvePoint[])[];
  /** The same for views, replays included; null without the table `retention`. */
  readonly views: readonly (readonly CurvePoint[])[] | null;
}

type Row = { place: number; seconds: number; percent: number };

/**
 * Retention of the videos in `topVideos`, from the ranges that viewers watched; where runs leave those out, from how
 * far they came.
 */
export async function readCurves(database: Database, hasRetention: boolean): Promise<Curves> {
  const rows = await database.rows<Row>(`
    WITH ranges AS (
      SELECT place, lengthSeconds / ${POINTS} AS step,
        unnest(coalesce(watchedRanges, [{'start': 0e0, 'end': maxPositionReached}])) AS range
      FROM engagement JOIN topVideos USING (videoId)
    ), edges AS (
      SELECT place, least(${POINTS}, greatest(0, ceil(range.start / step - 0.5)))::INTEGER AS point, 1 AS change FROM ranges
      UNION ALL
      SELECT place, least(${POINTS}, greatest(0, ceil(range."end" / step - 0.5)))::INTEGER, -1 FROM ranges
    ), changes AS (
      SELECT place, point, sum(change) AS change FROM edges GROUP BY ALL
    )
    SELECT place::DOUBLE AS place, (point + 0.5) * lengthSeconds / ${POINTS} AS seconds,
      100 * (sum(coalesce(change, 0)) OVER (PARTITION BY place ORDER BY point))::DOUBLE / viewers AS percent
    FROM (SELECT place, lengthSeconds, viewers, unnest(range(${POINTS}))::INTEGER AS point FROM topVideos)
    LEFT JOIN changes USING (place, point)
    ORDER BY place, seconds`);
  return { curves: byPlace(rows), views: hasRetention ? await readViews(database) : null };
}

/** A bucket that nobody saw has no row: there the views are 0. */
async function readViews(database: Database): Promise<CurvePoint[][]> {
  const rows = await database.rows<Row>(`
    SELECT place::DOUBLE AS place, seconds, 
      100 * CASE WHEN seconds < endPosition THEN views ELSE 0 END::DOUBLE / points.viewers AS percent
    FROM (
      SELECT place, videoId, viewers, (unnest(range(${POINTS})) + 0.5) * lengthSeconds / ${POINTS} AS seconds FROM topVideos
    ) AS points
    ASOF LEFT JOIN retention ON retention.videoId = points.videoId AND points.seconds >= retention.startPosition
    ORDER BY place, seconds`);
  return byPlace(rows);
}

function byPlace(rows: readonly Row[]): CurvePoint[][] {
  const curves: CurvePoint[][] = [];
  for (const { place, seconds, percent } of rows) {
    curves[place - 1] ??= [];
    curves[place - 1]!.push({ seconds, percent: Math.round(percent * 100) / 100 });
  }
  return curves;
}

/**
 * The points worth marking, the strongest first. With `views`: where most views are not the first of a viewer.
 * Without: where the curve rises to, because viewers jump there.
 */
export function findPeaks(curve: readonly CurvePoint[], views: readonly CurvePoint[] | null): CurvePoint[] {
  const heights = curve.map(({ percent }, i) =>
    views === null ? percent : Math.max(0, (views[i]?.percent ?? 0) - percent),
  );
  const rises = heights
    .map((_, i) => ({ i, rise: riseAt(heights, i) }))
    .filter(({ i, rise }) => rise >= Math.max(MIN_RISE_PERCENT, MIN_RISE_SHARE * heights[i]!))
    .sort((a, b) => b.rise - a.rise);
  const apart = rises.filter(
    ({ i }, place) => !rises.slice(0, place).some((stronger) => Math.abs(stronger.i - i) < MIN_DISTANCE),
  );
  return apart.slice(0, MAX_PEAKS).flatMap(({ i }) => (views ?? curve)[i] ?? []);
}

/** How far a local maximum stands above the lowest point before it, up to the next higher one; else 0. */
function riseAt(heights: readonly number[], i: number): number {
  const height = heights[i]!;
  if (i === 0 || height <= heights[i - 1]! || height < (heights[i + 1] ?? 0)) return 0;
  let lowest = height;
  for (let before = i - 1; before >= 0 && heights[before]! <= height; before--)
    lowest = Math.min(lowest, heights[before]!);
  return height - lowest;
}
