import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteName, quoteText } from '../duckdb.ts';
import { outputColumns } from '../sink/engagement-sql.ts';
import { countRows } from '../sink/manifest.ts';
import { PARQUET, parquetFiles } from '../sink/write.ts';
import { CHANGED_ROWS, createChangedOutput, REMOVED_ROWS } from './changed-output.ts';
import type { ChangedRows } from './changed-rows.ts';
import { linkFile, makePlace, type ResultFiles, type WrittenResult } from './result-places.ts';
import { writeNoRows } from './whole-result.ts';

/** Row groups that are read, joined and written by one thread. */
const MEMORY_BYTES_A_COPY = 256e6;

/** Writes the files of the places whose rows change, and links the others. */
export async function writeChangedResult(files: ResultFiles, changes: ChangedRows): Promise<WrittenResult> {
  await createChangedOutput(files, changes);
  const { changed, replaced } = changes;
  const { database, options, folder, published } = files;
  const places: Record<string, readonly string[]> = {};
  const linked: string[] = [];
  const copies: { readonly place: string; readonly path: string; readonly sql: string }[] = [];
  for (const place of new Set([...Object.keys(files.places), ...changed.places, ...replaced.places])) {
    const before = files.places[place] ?? [];
    if (!changed.places.has(place) && !replaced.places.has(place)) {
      for (const path of before) await linkFile(join(published!, path), join(folder, path));
      linked.push(...before);
      places[place] = before;
      continue;
    }
    const rows = placeRowsSql(files, place, before, changes);
    if (rows === null) continue;
    const path = await makePlace(files, place, 0);
    copies.push({ place, path, sql: `COPY (${rows}) TO ${quoteText(join(folder, path))} (${PARQUET})` });
  }
  await database.runAtOnce(
    copies.map(({ sql }) => sql),
    Math.min(options.threads, Math.ceil(options.memoryBytes / MEMORY_BYTES_A_COPY)),
    false,
  );
  const written: string[] = [];
  for (const { place, path } of copies) {
    if (!changed.places.has(place) && (await countRows(database, folder, [{ path }]))[0] === 0) {
      await rm(join(folder, path));
      continue;
    }
    written.push(path);
    places[place] = [path];
  }
  if (written.length + linked.length > 0) return { places, written, linked };
  return writeNoRows(files);
}

/** SQL for the rows of a place: those published that nothing replaces, and the changed ones; null for none. */
function placeRowsSql(
  { options, published }: ResultFiles,
  place: string,
  before: readonly string[],
  { changed, replaced }: ChangedRows,
): string | null {
  const columns = outputColumns(options.uniqueSeconds)
    .map(([name]) => quoteName(name))
    .join(', ');
  const isHere = `WHERE place = ${quoteText(place)}`;
  const parts: string[] = [];
  if (before.length > 0) {
    const rows = parquetFiles(before.map((path) => join(published!, path)));
    const gone = `ANTI JOIN (SELECT userId, videoId FROM ${REMOVED_ROWS} ${isHere}) AS gone USING (userId, videoId)`;
    parts.push(`SELECT ${columns} FROM (SELECT * FROM ${rows}) ${replaced.places.has(place) ? gone : ''}`);
  }
  if (changed.places.has(place)) parts.push(`SELECT ${columns} FROM ${CHANGED_ROWS} ${isHere}`);
  return parts.length === 0 ? null : parts.join(' UNION ALL ');
}
