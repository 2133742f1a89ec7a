import { type Database, quoteText } from '../duckdb.ts';
import type { RowFilter } from '../source/row-filter.ts';
import type { ScanSlice } from '../source/slices.ts';
import type { Pair } from './explain.ts';
import { querySlices } from './slice-rows.ts';

const SHOWN = 3;

/** Finds the ids of a column nearest to `name`, among rows of the given ids alone. */
export type FindNearest = (
  column: 'userId' | 'videoId',
  name: string,
  only: RowFilter['only'],
) => Promise<string[]>;

/** Says what there is in place of a pair without events: the nearest videos of the user, or users of the video. */
export async function describeMissing({ userId, videoId }: Pair, find: FindNearest): Promise<string> {
  const nearest: (...question: Parameters<FindNearest>) => Promise<string> = async (...question) =>
    (await find(...question)).map(quoteText).join(', ');
  const [user, video] = [quoteText(userId), quoteText(videoId)];
  const videos = await nearest('videoId', videoId, { userId });
  if (videos !== '')
    return `no events of user ${user} and video ${video}; the nearest videos of this user are ${videos}.`;
  const users = await nearest('userId', userId, { videoId });
  if (users !== '') return `no events of user ${user}; the nearest users of video ${video} are ${users}.`;
  const others = await nearest('videoId', videoId, {});
  const hint = others === '' ? '' : `; the nearest videos are ${others}`;
  return `no events of user ${user}, and none of video ${video}${hint}.`;
}

/**
 * The ids of a column that differ least from `name` in the rows of slices, the nearest first. `onRows` is told the rows
 * of each slice.
 */
export async function nearestIds(
  database: Database,
  slices: readonly ScanSlice[],
  tempFolder: string,
  column: 'userId' | 'videoId',
  name: string,
  onRows: (rowCount: number) => void,
): Promise<string[]> {
  const found = await querySlices(slices, tempFolder, async ({ expressions, rowEstimate }, fromWhere) => {
    const rows = await database.rows<{ id: string; distance: number }>(
      `SELECT id, levenshtein(lower(id), ${quoteText(name.toLowerCase())})::DOUBLE AS distance
       FROM (SELECT DISTINCT ${expressions[column]} AS id ${fromWhere}) WHERE id <> ''
       ORDER BY distance, id LIMIT ${SHOWN}`,
    );
    onRows(rowEstimate);
    return rows;
  });
  const rows = found.flat().sort((a, b) => a.distance - b.distance || (a.id < b.id ? -1 : 1));
  return [...new Set(rows.map(({ id }) => id))].slice(0, SHOWN);
}
