import { join } from 'node:path';
import { quoteName } from '../duckdb.ts';
import { engagementSql } from '../sink/engagement-sql.ts';
import { LAST_END, SUMMED_COLUMNS } from '../sink/tables/video-sums.ts';
import { parquetFiles } from '../sink/write.ts';
import { CHANGED_TABLE, type ChangedRows, REPLACED_TABLE } from './changed-rows.ts';
import type { ResultFiles } from './result-places.ts';

/** The rows of CHANGED_TABLE in the columns of the result, and their `place`. */
export const CHANGED_ROWS = 'changed_rows';
/** The published rows of REPLACED_TABLE: userId, videoId, `place`, lastEnd, and what running sums are made of. */
export const REMOVED_ROWS = 'removed_rows';

/**
 * Creates CHANGED_ROWS, which takes the place of CHANGED_TABLE, and REMOVED_ROWS: for all places at once, and for all
 * that asks for them later.
 */
export async function createChangedOutput(
  { database, options, published, places }: ResultFiles,
  { replaced }: ChangedRows,
): Promise<void> {
  const { config, uniqueSeconds } = options;
  const changed = engagementSql(config, uniqueSeconds, {
    rows: CHANGED_TABLE,
    partition: ['place', 'place'],
  });
  const paths = [...replaced.places].flatMap((place) => places[place] ?? []);
  const names = ['userId', ...SUMMED_COLUMNS].map((name) => `rows.${quoteName(name)}`);
  const columns = [...names, `rows.${LAST_END} AS lastEnd`].join(', ');
  const removed =
    paths.length === 0
      ? `${columns}, place FROM (${changed}) AS rows LIMIT 0`
      : `${columns}, gone.place FROM ${parquetFiles(paths.map((path) => join(published!, path)))} AS rows JOIN (
           SELECT users.id AS userId, durations.id AS videoId, place FROM ${REPLACED_TABLE} AS replaced
           JOIN users ON users.hash = replaced.userHash JOIN durations ON durations.hash = replaced.videoHash
         ) AS gone USING (userId, videoId)`;
  await database.runAtOnce(
    [`CREATE TABLE ${CHANGED_ROWS} AS ${changed}`, `CREATE TABLE ${REMOVED_ROWS} AS SELECT ${removed}`],
    2,
  );
  await database.run(`DROP TABLE ${CHANGED_TABLE}`);
}
