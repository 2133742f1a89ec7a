import { join } from 'node:path';
import { type FoldedUpdate, textPathsOf } from './folded-update.ts';
import { LATE_TABLE } from './late.ts';
import { linkFile } from './result-files.ts';
import { rowPathsOf, STATE_FOLDER, type State } from './state.ts';
import { compactStateRows, writeStateRows, writeStateTexts } from './state-rows.ts';

/** So many added files are united to one: reading them all costs more from then on. */
const MOST_ADDED = 16;

/** The files of a staged state. */
export interface StateFiles extends Pick<State, 'rows' | 'texts' | 'durations'> {
  readonly rowPaths: readonly string[];
  /** Ids of the state. */
  readonly textPaths: readonly string[];
  /** Paths of those that are links, in the staged folder. */
  readonly linked: readonly string[];
}

/** Adds the rows and ids of this update to those of the state before, whose files are linked. */
export async function writeStateFiles(update: FoldedUpdate): Promise<StateFiles> {
  const { staging } = update;
  const rows = await addRows(update);
  const texts = await addTexts(update);
  return {
    rows,
    texts,
    durations: `durations-${staging.id}.parquet`,
    rowPaths: rowPathsOf(staging.folder, { rows }),
    textPaths: texts.map((file) => join(staging.folder, STATE_FOLDER, file)),
    linked: [...rows.whole, ...rows.added, ...texts]
      .filter((file) => !file.includes(staging.id))
      .map((file) => `${STATE_FOLDER}/${file}`),
  };
}

async function linkState({ staging }: FoldedUpdate, files: readonly string[]): Promise<void> {
  for (const file of files)
    await linkFile(join(staging.published!, STATE_FOLDER, file), join(staging.folder, STATE_FOLDER, file));
}

async function addRows(update: FoldedUpdate): Promise<State['rows']> {
  const { job, options, staging, state, folded } = update;
  const { uniqueSeconds } = options;
  const folder = join(staging.folder, STATE_FOLDER);
  const isNew = folded.closed.some(({ rowCount }) => rowCount > 0);
  const newFiles = isNew ? [`rows-${staging.id}.parquet`] : [];
  if (isNew) await writeStateRows(job.database, join(folder, newFiles[0]!));
  if (state === null) return { whole: newFiles, added: [] };
  const { whole, added } = state.rows;
  const earlier = rowPathsOf(staging.published!, state);
  if (options.late === 'reprocess' && folded.late.pairs > 0) {
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

async function addTexts(update: FoldedUpdate): Promise<string[]> {
  const { job, staging, state } = update;
  const newPaths = textPathsOf(update);
  const files = state?.texts ?? [];
  const earlier = files.map((file) => join(staging.published!, STATE_FOLDER, file));
  const file = `texts-${staging.id}.parquet`;
  const path = join(staging.folder, STATE_FOLDER, file);
  if (files.length > MOST_ADDED) {
    await writeStateTexts(job.database, [], [...earlier, ...newPaths], path);
    return [file];
  }
  await linkState(update, files);
  if (newPaths.length === 0) return [...files];
  await writeStateTexts(job.database, earlier, newPaths, path);
  return [...files, file];
}
