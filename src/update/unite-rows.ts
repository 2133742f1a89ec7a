import { FOLDED_COLUMNS } from '../exchange/batches.ts';

/** The columns of the state's rows: those of folded ones without what the ranges say. */
export const STATE_COLUMNS: readonly string[] = [
  ...FOLDED_COLUMNS.filter((name) => name !== 'uniqueUs'),
  'ranges',
];

const KEYS: readonly string[] = ['userHash', 'videoHash'];
const EXTREMES = new Map([
  ['maxPositionUs', 'max'],
  ['maxCreditedEndUs', 'max'],
  ['firstTimestampUs', 'min'],
  ['lastTimestampUs', 'max'],
]);
const RANGES = 'STRUCT("start" DOUBLE, "end" DOUBLE)[]';

/** SQL for seconds as the whole microseconds that they stand for. */
const microseconds = (seconds: string): string => `round(${seconds} * 1e6)::BIGINT`;

/**
 * SQL for one folded row a pair of the rows in `pieces` (SQL for a table with STATE_COLUMNS): counts and times are
 * sums, ranges a union. A range of the union begins where a piece begins behind all that was reached before it, and
 * ends where it was reached up to then. Most pairs come in one piece, which stays as it is.
 */
export function uniteRowsSql(pieces: string, uniqueSeconds: boolean): string {
  const sums = STATE_COLUMNS.filter((name) => !KEYS.includes(name) && name !== 'ranges').map(
    (name) => `${EXTREMES.get(name) ?? 'sum'}(${name})::BIGINT AS ${name}`,
  );
  const select = (uniqueUs: string): string =>
    FOLDED_COLUMNS.map((name) => (name === 'uniqueUs' ? `${uniqueUs} AS uniqueUs` : name)).join(', ');
  const summed = (rows: string): string =>
    `SELECT userHash, videoHash, ${sums.join(', ')} FROM ${rows} GROUP BY userHash, videoHash`;
  if (!uniqueSeconds)
    return `SELECT ${select('0::BIGINT')}, []::${RANGES} AS ranges FROM (${summed(`(${pieces})`)})`;
  const length = `${microseconds('r."end"')} - ${microseconds('r."start"')}`;
  return `
    WITH pieces AS MATERIALIZED (${pieces}), several AS MATERIALIZED (
      SELECT userHash, videoHash FROM pieces GROUP BY userHash, videoHash HAVING count(*) > 1
    ), parts AS MATERIALIZED (
      SELECT pieces.* FROM pieces SEMI JOIN several USING (userHash, videoHash)
    ), bounds AS (
      SELECT userHash, videoHash, range."start" AS "from", range."end" AS "to"
      FROM (SELECT userHash, videoHash, unnest(ranges) AS range FROM parts)
    ), reached AS (
      SELECT *, max("to") OVER (
        PARTITION BY userHash, videoHash ORDER BY "from" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) AS before
      FROM bounds
    ), marked AS (
      SELECT *, before IS NULL AS isFirst, coalesce("from" > before, true) AS begins FROM reached
    ), united AS (
      SELECT userHash, videoHash, list("from" ORDER BY "from") FILTER (begins) AS starts,
        list(before ORDER BY "from") FILTER (begins AND NOT isFirst) AS ends, max("to") AS lastEnd,
        coalesce(sum(${microseconds('before')}) FILTER (begins AND NOT isFirst), 0)
          - sum(${microseconds('"from"')}) FILTER (begins) AS insideUs
      FROM marked GROUP BY userHash, videoHash
    )
    SELECT ${select(`coalesce(list_sum(list_transform(ranges, lambda r: ${length})), 0)::BIGINT`)}, ranges
    FROM pieces ANTI JOIN several USING (userHash, videoHash)
    UNION ALL
    SELECT ${select(`coalesce(insideUs + ${microseconds('lastEnd')}, 0)::BIGINT`)},
      CASE WHEN starts IS NULL THEN []::${RANGES}
        ELSE list_transform(list_zip(starts, list_append(ends, lastEnd)), lambda r: {'start': r[1], 'end': r[2]})
        END AS ranges
    FROM (${summed('parts')}) LEFT JOIN united USING (userHash, videoHash)`;
}
