import { join } from 'node:path';
import { countValuesSql } from '../sink/statistics.ts';
import { changedVideoSumsSql, videoSumsSql } from '../sink/tables/videos.ts';
import { parquetFiles } from '../sink/write.ts';
import type { FoldedUpdate } from './folded-update.ts';
import type { WrittenResult } from './result-places.ts';
import type { State } from './state.ts';
import { earlierPaths, statePath } from './state-files.ts';
import { writeStateFile } from './state-rows.ts';

/** The table of what the rows of each video add up to: see videos.ts. */
export const VIDEO_SUMS = 'video_sums';
/** The table of the values of watchPercentage and how often each comes: value, n. */
export const PERCENTAGES = 'percentages';

/** Files whose rows are no longer part of the result, and those that are new in it: SQL for their rows. */
interface Replacement {
  readonly removed: string;
  readonly added: string;
  readonly all: string;
  /** Whether reading these costs less than reading all. */
  readonly isSmall: boolean;
}

/**
 * Creates VIDEO_SUMS, where the table videos is wanted, and PERCENTAGES, and writes both to the state. Of the result
 * only files that changed are read, unless these hold most rows. Returns the state's files; null for none.
 */
export async function writeRunningSums(
  update: FoldedUpdate,
  result: WrittenResult,
): Promise<Pick<State, 'videoSums' | 'percentages'>> {
  const { state, options } = update;
  const replacement = compareFiles(update, result);
  const { removed, added, all, isSmall } = replacement;
  const before = (file: string | null | undefined): string | null =>
    file == null || !isSmall ? null : parquetFiles(earlierPaths(update, [file]));
  const [sums, percentages] = [before(state?.videoSums), before(state?.percentages)];
  const counts = (rows: string): string => countValuesSql('watchPercentage', rows);
  return {
    videoSums: !options.tables.includes('videos')
      ? null
      : await keep(
          update,
          VIDEO_SUMS,
          sums === null ? videoSumsSql(all) : changedVideoSumsSql(sums, removed, added),
        ),
    percentages: await keep(
      update,
      PERCENTAGES,
      percentages === null
        ? `SELECT * FROM ${counts(all)}`
        : `SELECT value, sum(n)::BIGINT AS n FROM (
             SELECT * FROM ${percentages} UNION ALL SELECT * FROM ${counts(added)}
             UNION ALL SELECT value, -n FROM ${counts(removed)}
           ) GROUP BY value HAVING sum(n) <> 0`,
    ),
  };
}

function compareFiles({ staging, state }: FoldedUpdate, result: WrittenResult): Replacement {
  const { places, written, linked } = result;
  const isLinked = new Set(linked);
  const removed = Object.keys(state?.sums ?? {}).filter((path) => !isLinked.has(path));
  const removedRows = removed.reduce((sum, path) => sum + state!.sums[path]!.rows, 0);
  const all = parquetFiles(
    Object.values(places)
      .flat()
      .map((path) => join(staging.folder, path)),
  );
  const rowsOf = (folder: string | null, paths: readonly string[]): string =>
    paths.length === 0 || folder === null
      ? `(SELECT * FROM ${all} LIMIT 0)`
      : parquetFiles(paths.map((path) => join(folder, path)));
  return {
    removed: rowsOf(staging.published, removed),
    added: rowsOf(staging.folder, written),
    all,
    isSmall: removedRows * 2 <= (state?.totals.rowCount ?? 0),
  };
}

async function keep(update: FoldedUpdate, table: string, sql: string): Promise<string> {
  const { database } = update.job;
  await database.run(`CREATE TEMP TABLE ${table} AS ${sql}`);
  const file = `${table.replace('_', '-')}-${update.staging.id}.parquet`;
  await writeStateFile(database, `SELECT * FROM ${table}`, statePath(update, file));
  return file;
}
