import { join } from 'node:path';
import { type Database, quotePath, quoteText } from '../duckdb.ts';
import { FOLDED_COLUMNS } from '../exchange/batches.ts';
import { FOLDED_TABLE } from '../sink/folded-table.ts';

/** The table function of the rows from the horizon on. */
export const OPEN_TABLE = 'playfold_open';

/** Row groups and level as for a result; ids are not looked up by value. */
const STATE_PARQUET = 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, WRITE_BLOOM_FILTER false';

/** Rows of a part of the state that is united at once. */
const ROWS_AT_ONCE = 1_000_000;

/** SQL for the rows of some Parquet files of the state; of none, for no rows. */
export function stateRows(paths: readonly string[]): string {
  if (paths.length === 0) return `(SELECT * FROM ${FOLDED_TABLE}() LIMIT 0)`;
  return `read_parquet([${paths.map((path) => quotePath(path)).join(', ')}], hive_partitioning = false)`;
}

const KEYS = ['userHash', 'videoHash'];
const EXTREMES = new Map([
  ['maxPositionUs', 'max'],
  ['maxCreditedEndUs', 'max'],
  ['firstTimestampUs', 'min'],
  ['lastTimestampUs', 'max'],
]);

/**
 * SQL for one row a pair of the rows in `pieces` (SQL for a table): counts and times are sums, ranges a union.
 * Bounds of ranges are compared as the doubles they are: they stand for whole microseconds.
 */
export function uniteRowsSql(pieces: string, uniqueSeconds: boolean): string {
  const columns = FOLDED_COLUMNS.map((name) => {
    if (KEYS.includes(name)) return name;
    if (name === 'uniqueUs')
      return uniqueSeconds ? 'coalesce(united.uniqueUs, 0) AS uniqueUs' : '0::BIGINT AS uniqueUs';
    return name;
  });
  const sums = FOLDED_COLUMNS.filter((name) => !KEYS.includes(name) && name !== 'uniqueUs').map(
    (name) => `${EXTREMES.get(name) ?? 'sum'}(${name})::BIGINT AS ${name}`,
  );
  const none = `[]::STRUCT("start" DOUBLE, "end" DOUBLE)[]`;
  if (!uniqueSeconds)
    return `SELECT ${columns.join(', ')}, ${none} AS ranges
      FROM (SELECT userHash, videoHash, ${sums.join(', ')} FROM (${pieces}) GROUP BY userHash, videoHash)`;
  // Of equal bounds, the one that begins a range comes first in both windows.
  const within = (order: string, end: string): string =>
    `OVER (PARTITION BY userHash, videoHash ORDER BY "from", "to"${order} ROWS BETWEEN UNBOUNDED PRECEDING AND ${end})`;
  return `
    WITH pieces AS MATERIALIZED (${pieces}), summed AS (
      SELECT userHash, videoHash, ${sums.join(', ')} FROM pieces GROUP BY userHash, videoHash
    ), bounds AS (
      SELECT userHash, videoHash, range."start" AS "from", range."end" AS "to"
      FROM (SELECT userHash, videoHash, unnest(ranges) AS range FROM pieces)
    ), marked AS (
      SELECT *, CASE WHEN "from" <= max("to") ${within('', '1 PRECEDING')} THEN 0 ELSE 1 END AS begins FROM bounds
    ), numbered AS (
      SELECT *, sum(begins) ${within(', begins DESC', 'CURRENT ROW')} AS place FROM marked
    ), joined AS (
      SELECT userHash, videoHash, place, min("from") AS "from", max("to") AS "to"
      FROM numbered GROUP BY userHash, videoHash, place
    ), united AS (
      SELECT userHash, videoHash, list({'start': "from", 'end': "to"} ORDER BY "from") AS ranges,
        sum(round("to" * 1e6)::BIGINT - round("from" * 1e6)::BIGINT)::BIGINT AS uniqueUs
      FROM joined GROUP BY userHash, videoHash
    )
    SELECT ${columns.join(', ')}, coalesce(ranges, ${none}) AS ranges
    FROM summed LEFT JOIN united USING (userHash, videoHash)`;
}

/** Writes the rows that were folded now. */
export async function writeStateRows(database: Database, path: string): Promise<void> {
  await database.run(`COPY (SELECT * FROM ${FOLDED_TABLE}()) TO ${quoteText(path)} (${STATE_PARQUET})`);
}

/**
 * Writes the rows of `paths` anew, one row a pair, without the pairs of the table `without`, if any. Part by part,
 * so that memory does not grow with the state. Returns the names of the files.
 */
export async function compactStateRows(
  database: Database,
  paths: readonly string[],
  folder: string,
  stamp: string,
  { without, uniqueSeconds }: { without: string | null; uniqueSeconds: boolean },
): Promise<string[]> {
  if (paths.length === 0) return [];
  const [row] = await database.rows<{ rows: number }>(
    `SELECT count(*)::DOUBLE AS rows FROM ${stateRows(paths)}`,
  );
  const bits = Math.ceil(Math.log2(Math.max(1, (row?.rows ?? 0) / ROWS_AT_ONCE)));
  const files: string[] = [];
  for (let part = 0; part < 2 ** bits; part++) {
    const inPart = bits === 0 ? '' : `WHERE userHash >> ${64 - bits} = ${part}`;
    const kept = without === null ? '' : `ANTI JOIN ${without} USING (userHash, videoHash)`;
    const pieces = `SELECT rows.* FROM (SELECT * FROM ${stateRows(paths)} ${inPart}) AS rows ${kept}`;
    const file = `rows-${stamp}-${part}.parquet`;
    await database.run(
      `COPY (${uniteRowsSql(pieces, uniqueSeconds)}) TO ${quoteText(join(folder, file))} (${STATE_PARQUET})`,
    );
    files.push(file);
  }
  return files;
}

/** Writes the ids of `newPaths` that `oldPaths` have not, one a row, in the columns that the scan gives. */
export async function writeStateTexts(
  database: Database,
  oldPaths: readonly string[],
  newPaths: readonly string[],
  path: string,
): Promise<void> {
  const selectNew = (column: string): string => {
    const ids = (paths: readonly string[]): string =>
      `(SELECT DISTINCT ${column} FROM ${stateRows(paths)} WHERE ${column} IS NOT NULL)`;
    return oldPaths.length === 0
      ? ids(newPaths)
      : `(SELECT * FROM ${ids(newPaths)} ANTI JOIN ${ids(oldPaths)} USING (${column}))`;
  };
  await database.run(
    `COPY (SELECT userId, NULL::VARCHAR AS videoId FROM ${selectNew('userId')}
      UNION ALL SELECT NULL::VARCHAR AS userId, videoId FROM ${selectNew('videoId')})
     TO ${quoteText(path)} (${STATE_PARQUET})`,
  );
}

/** Creates the table `touched`: the pairs that the folds of this update speak of. */
async function createTouched(database: Database, tables: readonly string[]): Promise<void> {
  const keys = tables.map((table) => `SELECT userHash, videoHash FROM ${table}()`);
  await database.run(`CREATE TEMP TABLE touched AS ${keys.join(' UNION ')}`);
}

/** SQL for all rows of a first update, one a pair: most pairs have no events from the horizon on. */
export async function wholeRowsSql(database: Database, uniqueSeconds: boolean): Promise<string> {
  await createTouched(database, [OPEN_TABLE]);
  const closed = (join: string): string =>
    `SELECT rows.* FROM (SELECT * FROM ${FOLDED_TABLE}()) AS rows ${join} JOIN touched USING (userHash, videoHash)`;
  const both = `${closed('SEMI')} UNION ALL SELECT * FROM ${OPEN_TABLE}()`;
  return `(${closed('ANTI')} UNION ALL BY NAME SELECT * FROM (${uniteRowsSql(both, uniqueSeconds)}))`;
}

/** SQL for the rows that are another than before, one a pair; of all that the state holds of them. */
export async function changedRowsSql(
  database: Database,
  rowPaths: readonly string[],
  isVideosChanged: boolean,
  uniqueSeconds: boolean,
): Promise<string> {
  await createTouched(database, [FOLDED_TABLE, OPEN_TABLE]);
  const rows = `SELECT rows.* FROM (SELECT * FROM ${stateRows(rowPaths)}) AS rows`;
  const pieces = [
    `${rows} SEMI JOIN touched USING (userHash, videoHash)`,
    ...(isVideosChanged
      ? [`${rows} SEMI JOIN changed_videos USING (videoHash) ANTI JOIN touched USING (userHash, videoHash)`]
      : []),
    `SELECT * FROM ${OPEN_TABLE}()`,
  ];
  return `(${uniteRowsSql(pieces.join(' UNION ALL '), uniqueSeconds)})`;
}
