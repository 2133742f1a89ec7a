import { join } from 'node:path';
import type { FoldResult } from '../fold/fold.ts';
import { FOLDED_TABLE, registerFoldedTable } from '../sink/folded-table.ts';
import { parquetFiles } from '../sink/write.ts';
import type { FoldedUpdate } from './folded-update.ts';
import { LATE_TABLE } from './late.ts';
import { linkFile } from './result-places.ts';
import { rowPathsOf, STATE_FOLDER, type State } from './state.ts';
import {
  compactStateRows,
  foldedRows,
  OPEN_TABLE,
  rowsAtOnce,
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
  const { uniqueSeconds, memoryBytes } = options;
  const folder = join(staging.folder, STATE_FOLDER);
  const isNew = folded.closed.some(({ rowCount }) => rowCount > 0);
  const newFiles = isNew ? [`rows-${staging.id}.parquet`] : [];
  if (state === null) return { whole: await writeFirstRows(update, folder), added: [] };
  if (isNew)
    await writeStateFile(job.database, unordered(foldedRows(FOLDED_TABLE)), join(folder, newFiles[0]!));
  const { whole, added } = state.rows;
  const earlier = rowPathsOf(staging.published!, state);
  if (isRefolded(update)) {
    // Their rows were folded from all their events just now.
    const settings = { without: LATE_TABLE, uniqueSeconds, memoryBytes };
    return {
      whole: await compactStateRows(job.database, earlier, folder, staging.id, settings),
      added: newFiles,
    };
  }
  if (added.length + newFiles.length > MOST_ADDED) {
    const all = [...earlier, ...newFiles.map((file) => join(folder, file))];
    const settings = { without: null, uniqueSeconds, memoryBytes };
    const united = await compactStateRows(job.database, all, folder, staging.id, settings);
    return { whole: united, added: [] };
  }
  await linkState(update, [...whole, ...added]);
  return { whole, added: [...added, ...newFiles] };
}

/** Writes the rows of a first update, the partitions of some users after the other. Returns the files. */
async function writeFirstRows(
  { job, options, staging, folded }: FoldedUpdate,
  folder: string,
): Promise<string[]> {
  const { database } = job;
  await createUserClusters(database, `${FOLDED_TABLE}()`);
  const files: string[] = [];
  for (const [i, part] of partsOf(folded.closed, rowsAtOnce(options.memoryBytes)).entries()) {
    const places = part.flatMap((fold) => fold.places);
    const table = `${FOLDED_TABLE}_${i}`;
    registerFoldedTable(database, places, countRows(part), options.threads, table);
    const file = `rows-${staging.id}-${i}.parquet`;
    await writeClusters(database, foldedRows(table), join(folder, file));
    files.push(file);
  }
  return files;
}

const countRows = (folds: readonly FoldResult[]): number =>
  folds.reduce((sum, { rowCount }) => sum + rowCount, 0);

/** Folds with rows, as many together as have `rows` at most, or one. */
function partsOf(folds: readonly FoldResult[], rows: number): FoldResult[][] {
  const parts: FoldResult[][] = [];
  for (const fold of folds.filter(({ rowCount }) => rowCount > 0)) {
    const last = parts.at(-1);
    if (last === undefined || countRows(last) + fold.rowCount > rows) parts.push([fold]);
    else last.push(fold);
  }
  return parts;
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
