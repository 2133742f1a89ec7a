import { join } from 'node:path';
import { FOLDED_TABLE } from '../sink/folded-table.ts';
import { parquetFiles } from '../sink/write.ts';
import type { FoldedUpdate } from './folded-update.ts';
import { LATE_TABLE } from './late.ts';
import { linkFile } from './result-places.ts';
import { rowPathsOf, STATE_FOLDER, type State } from './state.ts';
import {
  compactStateRows,
  foldedRows,
  OPEN_TABLE,
  stateRows,
  writeClusters,
  writeStateFile,
} from './state-rows.ts';
import { createUserClusters, unordered } from './user-clusters.ts';

/** So many added files are united to one: reading them all costs more from then on. */
export const MOST_ADDED = 16;

/** Where a file of the state that is written lies. */
export function statePath({ staging }: Pick<FoldedUpdate, 'staging'>, file: string): string {
  return join(staging.folder, STATE_FOLDER, file);
}

/** Where files of the state before lie. */
export function earlierPaths({ staging }: Pick<FoldedUpdate, 'staging'>, files: readonly string[]): string[] {
  return files.map((file) => join(staging.published!, STATE_FOLDER, file));
}

/** Files of the state before go on in the state that is written. */
export async function linkState(update: FoldedUpdate, files: readonly string[]): Promise<void> {
  const paths = earlierPaths(update, files);
  for (const [i, path] of paths.entries()) await linkFile(path, statePath(update, files[i]!));
}

/** Whether late events made pairs be folded again from all of their events. */
export function isRefolded({ options, folded }: FoldedUpdate): boolean {
  return options.late === 'reprocess' && folded.late.pairs > 0;
}

/** Adds the rows of this update to those of the state before, whose files are linked. */
export async function writeStateRows(update: FoldedUpdate): Promise<State['rows']> {
  const { job, options, staging, state, folded } = update;
  const { uniqueSeconds } = options;
  const folder = join(staging.folder, STATE_FOLDER);
  const isNew = folded.closed.some(({ rowCount }) => rowCount > 0);
  const newFiles = isNew ? [`rows-${staging.id}.parquet`] : [];
  const path = join(folder, `${newFiles[0]}`);
  const news = foldedRows(FOLDED_TABLE);
  if (state === null) {
    await createUserClusters(job.database, `${FOLDED_TABLE}()`);
    if (isNew) await writeClusters(job.database, news, path);
    return { whole: newFiles, added: [] };
  }
  if (isNew) await writeStateFile(job.database, unordered(news), path);
  const { whole, added } = state.rows;
  const earlier = rowPathsOf(staging.published!, state);
  if (isRefolded(update)) {
    // Their rows were folded from all their events just now.
    const settings = { without: LATE_TABLE, uniqueSeconds };
    return {
      whole: await compactStateRows(job.database, earlier, folder, staging.id, settings),
      added: newFiles,
    };
  }
  if (added.length + newFiles.length > MOST_ADDED) {
    const all = [...earlier, ...newFiles.map((file) => join(folder, file))];
    const settings = { without: null, uniqueSeconds };
    const united = await compactStateRows(job.database, all, folder, staging.id, settings);
    return { whole: united, added: [] };
  }
  await linkState(update, [...whole, ...added]);
  return { whole, added: [...added, ...newFiles] };
}

const OPEN_PAIRS = 'userHash, videoHash, firstTimestampUs';

/** Writes the pairs that have events from the horizon on. Returns the file's name. */
export async function writeOpenPairs(update: FoldedUpdate): Promise<string> {
  const file = `pairs-${update.staging.id}.parquet`;
  const rows = `SELECT ${OPEN_PAIRS} FROM ${OPEN_TABLE}()`;
  await writeStateFile(update.job.database, rows, statePath(update, file));
  return file;
}

/** SQL for the pairs that writeOpenPairs wrote for the state before. */
export function openPairsBefore(update: FoldedUpdate, { openPairs }: State): string {
  return `SELECT ${OPEN_PAIRS} FROM ${parquetFiles(earlierPaths(update, [openPairs]))}`;
}

/** Events and duplicates of all rows of the state. */
export async function countClosed(update: FoldedUpdate, rows: State['rows']): Promise<State['closed']> {
  const { job, state, folded, staging } = update;
  if (state === null || !isRefolded(update)) {
    const sum = (pick: 'eventCount' | 'duplicateCount'): number =>
      folded.closed.reduce((total, fold) => total + fold[pick], state?.closed[pick] ?? 0);
    return { eventCount: sum('eventCount'), duplicateCount: sum('duplicateCount') };
  }
  const [row] = await job.database.rows<{ eventCount: number; duplicateCount: number }>(
    `SELECT coalesce(sum(eventCount), 0)::DOUBLE AS eventCount,
       coalesce(sum(duplicateCount), 0)::DOUBLE AS duplicateCount
     FROM ${stateRows(rowPathsOf(staging.folder, { rows }))}`,
  );
  return row!;
}
