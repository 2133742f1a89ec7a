import { translateReadError } from '../duckdb.ts';
import { SliceSource } from '../source/slice-source.ts';
import type { ScanSlice } from '../source/slices.ts';

/**
 * Queries slices one after the other, without lines that cannot be read, as in a run. `query` is given each slice, the
 * FROM and WHERE of its rows and its number; it runs a second time where the slice had to be mended. Throws a
 * PlayfoldError (input) that names the slice where its data cannot be read.
 */
export async function querySlices<Answer>(
  slices: readonly ScanSlice[],
  tempFolder: string,
  query: (slice: ScanSlice, fromWhere: string, index: number) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const settings = { tempFolder, quarantineFolder: null };
  for (const [index, slice] of slices.entries()) {
    const answer = await SliceSource.use(slice, index, settings, async ({ from }) => {
      const where = slice.where === null ? '' : `WHERE ${slice.where}`;
      try {
        return await query(slice, `FROM ${from} ${where}`, index);
      } catch (error) {
        throw translateReadError(error);
      }
    });
    answers.push(answer);
  }
  return answers;
}
