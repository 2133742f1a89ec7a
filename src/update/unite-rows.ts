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
 * sums, ranges a union. Most pairs come in one piece, which stays as it is, and most others have two ranges at most.
 */
export function uniteRowsSql(pieces: string, uniqueSeconds: boolean): string {
  const sums = STATE_COLUMNS.filter((name) => !KEYS.includes(name) && name !== 'ranges').map(
    (name) => `${EXTREMES.get(name) ?? 'sum'}(${name})::BIGINT AS ${name}`,
  );
  const select = (uniqueUs: string): string =>
    FOLDED_COLUMNS.map((name) => (name === 'uniqueUs' ? `${uniqueUs} AS uniqueUs` : name)).join(', ');
  const summed = (rows: string, more = ''): string =>
    `SELECT userHash, videoHash, ${sums.join(', ')}${more} FROM ${rows} GROUP BY userHash, videoHash`;
  if (!uniqueSeconds)
    return `SELECT ${select('0::BIGINT')}, []::${RANGES} AS ranges FROM (${summed(`(${pieces})`)})`;
  const length = `${microseconds('r."end"')} - ${microseconds('r."start"')}`;
  return `
    WITH pieces AS MATERIALIZED (${pieces}), grouped AS MATERIALIZED (
      ${summed('pieces', `, ${OUTER_BOUNDS}`)} HAVING count(*) > 1
    ), united AS (${uniteManySql('pieces SEMI JOIN (FROM grouped WHERE rangeCount > 2) USING (userHash, videoHash)')})
    SELECT ${select(`coalesce(list_sum(list_transform(ranges, lambda r: ${length})), 0)::BIGINT`)}, ranges
    FROM pieces ANTI JOIN grouped USING (userHash, videoHash)
    UNION ALL
    SELECT ${select(`${FEW_US}::BIGINT`)}, ${FEW_RANGES} AS ranges FROM grouped WHERE rangeCount <= 2
    UNION ALL
    SELECT ${select(`(insideUs + ${microseconds('lastEnd')})::BIGINT`)},
      list_transform(list_zip(starts, list_append(ends, lastEnd)), lambda r: {'start': r[1], 'end': r[2]}) AS ranges
    FROM (FROM grouped WHERE rangeCount > 2) JOIN united USING (userHash, videoHash)`;
}

/** Of ranges that ascend within each piece: of two at most, in whichever pieces, these are all bounds. */
const OUTER_BOUNDS = `sum(len(ranges)) AS rangeCount,
  min(ranges[1]."start") AS firstStart, max(ranges[-1]."start") AS lastStart,
  min(ranges[1]."end") AS firstEnd, max(ranges[-1]."end") AS lastEnd`;

const FEW_RANGES = `CASE WHEN rangeCount = 0 THEN []::${RANGES}
  WHEN lastStart <= firstEnd THEN [{'start': firstStart, 'end': lastEnd}]
  ELSE [{'start': firstStart, 'end': firstEnd}, {'start': lastStart, 'end': lastEnd}] END`;

const FEW_US = `CASE WHEN rangeCount = 0 THEN 0 ELSE ${microseconds('lastEnd')} - ${microseconds('firstStart')}
  - CASE WHEN lastStart <= firstEnd THEN 0 ELSE ${microseconds('lastStart')} - ${microseconds('firstEnd')} END END`;

/**
 * SQL for the union of any number of ranges, a row a pair: it begins where a range begins behind all that was reached
 * before it, and ends where it was reached up to then.
 */
function uniteManySql(parts: string): string {
  return `
    WITH bounds AS (
      SELECT userHash, videoHash, range."start" AS "from", range."end" AS "to"
      FROM (SELECT userHash, videoHash, unnest(ranges) AS range FROM ${parts})
    ), reached AS (
      SELECT *, max("to") OVER (
        PARTITION BY userHash, videoHash ORDER BY "from" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) AS before
      FROM bounds
    ), marked AS (
      SELECT *, before IS NULL AS isFirst, coalesce("from" > before, true) AS begins FROM reached
    )
    SELECT userHash, videoHash, list("from" ORDER BY "from") FILTER (begins) AS starts,
      list(before ORDER BY "from") FILTER (begins AND NOT isFirst) AS ends,
      coalesce(sum(${microseconds('before')}) FILTER (begins AND NOT isFirst), 0)
        - sum(${microseconds('"from"')}) FILTER (begins) AS insideUs
    FROM marked GROUP BY userHash, videoHash`;
}
