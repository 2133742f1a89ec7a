import { join } from 'node:path';
import { countValuesSql } from '../sink/statistics.ts';
import { changedVideoSumsSql, videoSumsSql } from '../sink/tables/video-sums.ts';
import { parquetFiles } from '../sink/write.ts';
import { CHANGED_ROWS, REMOVED_ROWS } from './changed-output.ts';
import type { ChangedRows } from './changed-rows.ts';
import type { FoldedUpdate } from './folded-update.ts';
import type { WrittenResult } from './result-places.ts';
import type { State } from './state.ts';
import { earlierPaths, statePath } from './state-files.ts';
import { writeStateFile } from './state-rows.ts';

/** The table of what the rows of each video add up to: see video-sums.ts. */
export const VIDEO_SUMS = 'video_sums';
/** The table of the values of watchPercentage and how often each comes: value, n. */
export const PERCENTAGES = 'percentages';

/**
 * Creates VIDEO_SUMS, where the table videos is wanted, and PERCENTAGES, and writes both to the state; drops
 * CHANGED_ROWS and REMOVED_ROWS, if there are any. The result is read only where most of its rows changed. Returns the
 * state's files; null for none.
 */
export async function writeRunningSums(
  update: FoldedUpdate,
  { places }: WrittenResult,
  changes: ChangedRows | null,
): Promise<Pick<State, 'videoSums' | 'percentages'>> {
  const { state, options, staging } = update;
  const isSmall = state !== null && changes !== null && changes.replaced.rows * 2 <= state.totals.rowCount;
  const before = (file: string | null | undefined): string | null =>
    file == null || !isSmall ? null : parquetFiles(earlierPaths(update, [file]));
  const [sums, percentages] = [before(state?.videoSums), before(state?.percentages)];
  const paths = Object.values(places).flat();
  const all = parquetFiles(paths.map((path) => join(staging.folder, path)));
  const counts = (rows: string): string => countValuesSql('watchPercentage', rows);
  const files = {
    videoSums: !options.tables.includes('videos')
      ? null
      : await keep(
          update,
          VIDEO_SUMS,
          sums === null ? videoSumsSql(all) : changedVideoSumsSql(sums, REMOVED_ROWS, CHANGED_ROWS),
        ),
    percentages: await keep(
      update,
      PERCENTAGES,
      percentages === null
        ? `SELECT * FROM ${counts(all)}`
        : `SELECT value, sum(n)::BIGINT AS n FROM (
             SELECT * FROM ${percentages} UNION ALL SELECT * FROM ${counts(CHANGED_ROWS)}
             UNION ALL SELECT value, -n FROM ${counts(REMOVED_ROWS)}
           ) GROUP BY value HAVING sum(n) <> 0`,
    ),
  };
  // Medians and checks have their memory.
  if (changes !== null)
    for (const table of [CHANGED_ROWS, REMOVED_ROWS]) await update.job.database.run(`DROP TABLE ${table}`);
  return files;
}

async function keep(update: FoldedUpdate, table: string, sql: string): Promise<string> {
  const { database } = update.job;
  await database.run(`CREATE TEMP TABLE ${table} AS ${sql}`);
  const file = `${table.replace('_', '-')}-${update.staging.id}.parquet`;
  await writeStateFile(database, `SELECT * FROM ${table}`, statePath(update, file));
  return file;
}
