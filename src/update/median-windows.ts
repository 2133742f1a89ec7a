import { VIDEO_KEY } from '../sink/tables/video-parts.ts';

/**
 * Medians of a video without reading all of its rows again. A window holds the values of a video that lie from `low` to
 * `high`, in order, and how many lie below and above; a row that comes or goes is added to one of the three. As long as
 * the middle lies in the window, it is the median, exactly.
 *
 * A row a video and kind: isDropOff says whether values are the last seconds of rows that are not completed, or the
 * watch times of all.
 */
export const WINDOW_COLUMNS = `${VIDEO_KEY} UBIGINT, isDropOff BOOLEAN, low DOUBLE, high DOUBLE, below BIGINT,
  above BIGINT, inside DOUBLE[]`;

/** Values on either side of the median: a share of all, but so many at least. Windows far wider are cut to these. */
const RANKS_SHARE = 1 / 32;
const LEAST_RANKS = 32;
const WIDE = 4;

/** SQL for the values of some rows of engagement: VIDEO_KEY, isDropOff, value. Rows have lastEnd. */
const valuesSql = (rows: string): string =>
  `SELECT ${VIDEO_KEY}, false AS isDropOff, totalWatchTime AS value FROM ${rows}
   UNION ALL
   SELECT ${VIDEO_KEY}, true, lastEnd FROM ${rows} WHERE NOT isCompletedAtLeastOnce AND lastEnd IS NOT NULL`;

/** The columns of engagement that valuesSql reads. */
export const VALUE_COLUMNS: readonly string[] = ['totalWatchTime', 'isCompletedAtLeastOnce'];

/** SQL for the windows of videos that had no row before: everything is inside. */
const newWindowsSql = (rows: string, before: string): string =>
  `SELECT ${VIDEO_KEY}, isDropOff, '-Infinity'::DOUBLE AS low, 'Infinity'::DOUBLE AS high, 0::BIGINT AS below,
     0::BIGINT AS above, []::DOUBLE[] AS inside
   FROM (SELECT DISTINCT ${VIDEO_KEY} FROM ${rows} ANTI JOIN ${before} USING (${VIDEO_KEY})),
     (VALUES (false), (true)) AS kinds(isDropOff)`;

/** SQL for windows after rows were replaced: `before` is SQL for those until now, `removed` and `added` for the rows. */
export function movedWindowsSql(before: string, removed: string, added: string, least = LEAST_RANKS): string {
  const key = `${VIDEO_KEY}, isDropOff`;
  return `
    WITH earlier AS MATERIALIZED (
      SELECT * FROM ${before} UNION ALL BY NAME ${newWindowsSql(added, before)}
    ), changes AS (
      SELECT *, 1 AS n FROM (${valuesSql(added)}) UNION ALL SELECT *, -1 FROM (${valuesSql(removed)})
    ), placed AS MATERIALIZED (
      SELECT ${key}, value, n, value < low AS isBelow, value > high AS isAbove
      FROM changes JOIN earlier USING (${key})
    ), outside AS (
      SELECT ${key}, sum(n) FILTER (isBelow) AS below, sum(n) FILTER (isAbove) AS above FROM placed GROUP BY ${key}
    ), counted AS (
      SELECT ${key}, value, sum(n)::BIGINT AS n FROM (
        SELECT ${key}, value, n FROM placed WHERE NOT isBelow AND NOT isAbove
        UNION ALL SELECT ${key}, unnest(inside), 1 FROM earlier
      ) GROUP BY ${key}, value HAVING sum(n) > 0
    ), insides AS (
      SELECT ${key}, list_sort(flatten(list(list_resize([value], n, value)))) AS inside FROM counted GROUP BY ${key}
    ), windows AS (
      SELECT ${key}, low, high, (earlier.below + coalesce(outside.below, 0))::BIGINT AS below,
        (earlier.above + coalesce(outside.above, 0))::BIGINT AS above,
        coalesce(insides.inside, []::DOUBLE[]) AS inside
      FROM earlier LEFT JOIN outside USING (${key}) LEFT JOIN insides USING (${key})
    )
    ${narrowedSql('windows', least)}`;
}

/** SQL for windows, those cut that hold far more than is needed. */
function narrowedSql(windows: string, least: number): string {
  return `
    SELECT ${VIDEO_KEY}, isDropOff, newLow AS low, newHigh AS high,
      CASE WHEN isWide THEN below + len(list_filter(inside, lambda v: v < newLow)) ELSE below END::BIGINT AS below,
      CASE WHEN isWide THEN above + len(list_filter(inside, lambda v: v > newHigh)) ELSE above END::BIGINT AS above,
      CASE WHEN isWide THEN list_filter(inside, lambda v: v BETWEEN newLow AND newHigh) ELSE inside END AS inside
    FROM (
      SELECT *,
        CASE WHEN isWide AND lowerAt - ranks >= 1 THEN inside[lowerAt - ranks] ELSE low END AS newLow,
        CASE WHEN isWide AND upperAt + ranks <= len(inside) THEN inside[upperAt + ranks] ELSE high END AS newHigh
      FROM (SELECT *, len(inside) > ${WIDE} * ranks AS isWide FROM (${middlesSql(windows, least)}))
    )`;
}

/**
 * SQL for windows with `total`, the number of their values, where in them the one or two middle ones stand, from 1 on, and
 * `ranks`, how many are kept on either side.
 */
const middlesSql = (windows: string, least: number): string =>
  `SELECT *, (total - 1) // 2 - below + 1 AS lowerAt, total // 2 - below + 1 AS upperAt,
     greatest(${least}, floor(total * ${RANKS_SHARE})::BIGINT) AS ranks
   FROM (SELECT *, below + above + len(inside) AS total FROM ${windows})`;

/**
 * SQL for the medians of the videos in whose windows they lie: VIDEO_KEY, medianWatchTime, dropOffPosition, of how many
 * rows, and whether one is near an end of its window.
 */
export function knownMediansSql(windows: string, least = LEAST_RANKS): string {
  const median = (kind: string): string => `max(median) FILTER (${kind})`;
  return `
    SELECT ${VIDEO_KEY}, ${median('NOT isDropOff')} AS medianWatchTime, ${median('isDropOff')} AS dropOffPosition,
      max(total) FILTER (NOT isDropOff)::BIGINT AS watchRows, bool_or(isNearEnd) AS isNearEnd
    FROM (
      SELECT ${VIDEO_KEY}, isDropOff, total, total = 0 OR (lowerAt >= 1 AND upperAt <= len(inside)) AS isKnown,
        (isfinite(low) AND lowerAt <= ranks // 2)
          OR (isfinite(high) AND upperAt > len(inside) - ranks // 2) AS isNearEnd,
        CASE WHEN total > 0 THEN list_aggregate([inside[lowerAt], inside[upperAt]], 'median') END AS median
      FROM (${middlesSql(windows, least)})
    ) GROUP BY ${VIDEO_KEY} HAVING bool_and(isKnown)`;
}

const QUANTILES = `[${0.5 - RANKS_SHARE}, 0.5, ${0.5 + RANKS_SHARE}]`;

/**
 * SQL for the medians of the videos in `rows` and for their surroundings: VIDEO_KEY, watchQuantiles and dropOffQuantiles
 * (null or [low, median, high]), watchRows and dropOffRows.
 */
export const quantilesSql = (rows: string): string =>
  `SELECT ${VIDEO_KEY}, quantile_cont(totalWatchTime, ${QUANTILES}) AS watchQuantiles, count(*) AS watchRows,
     quantile_cont(lastEnd, ${QUANTILES}) FILTER (NOT isCompletedAtLeastOnce) AS dropOffQuantiles,
     count(lastEnd) FILTER (NOT isCompletedAtLeastOnce) AS dropOffRows
   FROM ${rows} GROUP BY ${VIDEO_KEY}`;

/** SQL for the medians in what quantilesSql made, as knownMediansSql has them. */
export const quantileMediansSql = (quantiles: string): string =>
  `SELECT ${VIDEO_KEY}, watchQuantiles[2] AS medianWatchTime, dropOffQuantiles[2] AS dropOffPosition,
     watchRows, false AS isNearEnd FROM ${quantiles}`;

/** SQL for the windows of the videos in `quantiles` (what quantilesSql made) from all of their rows. */
export function readWindowsSql(quantiles: string, rows: string, least = LEAST_RANKS): string {
  // An interpolated quantile may miss the equal values that it lies between by a bit.
  const bound = (name: string, at: number, end: string, slack: string): string =>
    `CASE WHEN ${name}Rows * ${RANKS_SHARE} <= ${least} THEN '${end}'::DOUBLE
       ELSE ${name}Quantiles[${at}] * (1 ${slack}) END`;
  const bounds = (isDropOff: boolean, name: string): string =>
    `SELECT ${VIDEO_KEY}, ${isDropOff} AS isDropOff, ${bound(name, 1, '-Infinity', '- 1e-9')} AS low,
       ${bound(name, 3, 'Infinity', '+ 1e-9')} AS high
     FROM ${quantiles}`;
  const windows = `
    SELECT ${VIDEO_KEY}, isDropOff, low, high, count(*) FILTER (value < low) AS below,
      count(*) FILTER (value > high) AS above,
      coalesce(list_sort(list(value) FILTER (value BETWEEN low AND high)), []::DOUBLE[]) AS inside
    FROM (${bounds(false, 'watch')} UNION ALL ${bounds(true, 'dropOff')}) LEFT JOIN (${valuesSql(rows)})
      USING (${VIDEO_KEY}, isDropOff)
    GROUP BY ${VIDEO_KEY}, isDropOff, low, high`;
  return narrowedSql(`(${windows})`, least);
}
