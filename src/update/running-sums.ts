import { join } from 'node:path';
import { countValuesSql } from '../sink/statistics.ts';
import { VIDEO_KEY } from '../sink/tables/video-parts.ts';
import { changedVideoSumsSql, videoSumsSql } from '../sink/tables/video-sums.ts';
import { parquetFiles } from '../sink/write.ts';
import { CHANGED_ROWS, REMOVED_ROWS } from './changed-output.ts';
import type { ChangedRows } from './changed-rows.ts';
import type { FoldedUpdate } from './folded-update.ts';
import { areWindowsKept, completeMedians, moveMedians, VIDEO_MEDIANS } from './medians.ts';
import type { WrittenResult } from './result-places.ts';
import type { State } from './state.ts';
import { earlierPaths, statePath } from './state-files.ts';
import { writeStateFile } from './state-rows.ts';

/** The table of what the rows of each video add up to: see video-sums.ts. */
const VIDEO_SUMS = 'video_sums';
/** SQL for what the rows of each video come to: see TableInput. */
export const VIDEO_PARTS = `(
  SELECT ${VIDEO_KEY}, sums.*, medianWatchTime, dropOffPosition
  FROM ${VIDEO_SUMS} AS sums JOIN ${VIDEO_MEDIANS} ON ${VIDEO_KEY} = hash(sums.videoId)
)`;
/** The table of the values of watchPercentage and how often each comes: value, n. */
export const PERCENTAGES = 'percentages';

/**
 * Creates VIDEO_SUMS and VIDEO_MEDIANS, where the table videos is wanted, and PERCENTAGES, and writes to the state what
 * the next update adds to; drops CHANGED_ROWS and REMOVED_ROWS, if there are any. The result is read only where most of
 * its rows changed, and for medians that have left their windows. Returns the state's files; null for none.
 */
export async function writeRunningSums(
  update: FoldedUpdate,
  { places }: WrittenResult,
  changes: ChangedRows | null,
): Promise<Pick<State, 'videoSums' | 'percentages' | 'medianWindows'>> {
  const { state, options, staging } = update;
  const isSmall = state !== null && changes !== null && changes.replaced.rows * 2 <= state.totals.rowCount;
  const before = (file: string | null | undefined): string | null =>
    file == null || !isSmall ? null : parquetFiles(earlierPaths(update, [file]));
  const [sums, percentages] = [before(state?.videoSums), before(state?.percentages)];
  const paths = Object.values(places).flat();
  const all = parquetFiles(paths.map((path) => join(staging.folder, path)));
  const counts = (rows: string): string => countValuesSql('watchPercentage', rows);
  const withVideos = options.tables.includes('videos');
  const videoSums = !withVideos
    ? null
    : await keep(
        update,
        VIDEO_SUMS,
        sums === null ? videoSumsSql(all) : changedVideoSumsSql(sums, REMOVED_ROWS, CHANGED_ROWS),
      );
  const areKept = areWindowsKept(update, changes);
  if (withVideos) await moveMedians(update, areKept ? before(state?.medianWindows) : null);
  const files = {
    videoSums,
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
  // Medians that are read and checks have their memory.
  if (changes !== null)
    for (const table of [CHANGED_ROWS, REMOVED_ROWS]) await update.job.database.run(`DROP TABLE ${table}`);
  const medianWindows = withVideos ? await completeMedians(update, VIDEO_SUMS, all, areKept) : null;
  return { ...files, medianWindows };
}

async function keep(update: FoldedUpdate, table: string, sql: string): Promise<string> {
  const { database } = update.job;
  await database.run(`CREATE TEMP TABLE ${table} AS ${sql}`);
  const file = `${table.replace('_', '-')}-${update.staging.id}.parquet`;
  await writeStateFile(database, `SELECT * FROM ${table}`, statePath(update, file));
  return file;
}
