import { type Database, type Json, translateReadError } from '../duckdb.ts';
import { SliceSource } from '../source/slice-source.ts';
import type { ScanSlice } from '../source/slices.ts';

/**
 * Rows of slices, without lines that cannot be read, as in a run. `query` is given each slice and the FROM and
 * WHERE of its rows. Throws a PlayfoldError (input) that names the slice where its data cannot be read.
 */
export async function readSliceRows<Row extends Record<string, Json>>(
  database: Database,
  slices: readonly ScanSlice[],
  tempFolder: string,
  query: (slice: ScanSlice, fromWhere: string) => string,
): Promise<Row[]> {
  const found: Row[] = [];
  const settings = { tempFolder, quarantineFolder: null };
  for (const [index, slice] of slices.entries()) {
    const rows = await SliceSource.use(slice, index, settings, async ({ from }) => {
      const where = slice.where === null ? '' : `WHERE ${slice.where}`;
      try {
        return await database.rows<Row>(query(slice, `FROM ${from} ${where}`));
      } catch (error) {
        throw translateReadError(error);
      }
    });
    for (const row of rows) found.push(row);
  }
  return found;
}
