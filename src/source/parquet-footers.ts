import { type Database, quotePath, quoteText } from '../duckdb.ts';
import type { InputFile } from './formats.ts';
import { unreadable } from './readers.ts';
import type { TimeWindow } from './time-window.ts';
import { UNPACK_LIMIT, type UnpackLimit, unpacksTooFar } from './unpack-limit.ts';

/** What the footer of a Parquet file says of it. */
export interface ParquetFooter {
  /** Equal for files with the same columns of the same types in the same order. */
  readonly schema: string;
  readonly rowGroups: readonly RowGroup[];
  /** Of its pages, as the footer has it. */
  readonly unpackedBytes: number;
}

export interface RowGroup {
  readonly rows: number;
  /** Whether the window may hold a row of it. */
  readonly isWanted: boolean;
}

/** Files a query: a query for each file would cost a hundred times as much. */
const FILES_A_QUERY = 500;

/**
 * The footers of Parquet files by path. Throws a PlayfoldError (input) that names the first file which is unreadable, or
 * unpacks too far.
 */
export async function readFooters(
  database: Database,
  files: readonly InputFile[],
  limit: UnpackLimit = UNPACK_LIMIT,
): Promise<ReadonlyMap<string, ParquetFooter>> {
  const footers = new Map<string, ParquetFooter>();
  for (let at = 0; at < files.length; at += FILES_A_QUERY) {
    const some = files.slice(at, at + FILES_A_QUERY);
    try {
      for (const [path, footer] of await footersOf(database, some)) footers.set(path, footer);
    } catch {
      // One of them cannot be read: alone, it says which.
      for (const file of some)
        await footersOf(database, [file]).catch((error: unknown) => {
          throw unreadable(file, error);
        });
      throw new Error(`the footers of ${some.length} files can be read one by one, but not together`);
    }
    for (const file of some) refuseTooFar(file, footers.get(file.path), limit);
  }
  return footers;
}

function refuseTooFar(
  { name, byteLength }: InputFile,
  footer: ParquetFooter | undefined,
  { freeBytes, ratio }: UnpackLimit,
): void {
  const { unpackedBytes = 0 } = footer ?? {};
  if (unpackedBytes > freeBytes && unpackedBytes > ratio * byteLength)
    throw unpacksTooFar(name, 'Parquet', unpackedBytes, byteLength);
}

const pathList = (files: readonly InputFile[]): string =>
  `[${files.map(({ path }) => quotePath(path)).join(', ')}]`;

async function footersOf(
  database: Database,
  files: readonly InputFile[],
): Promise<Map<string, ParquetFooter>> {
  const rows = await database.rows<{
    path: string;
    schema: string;
    groups: number[] | null;
    unpacked: number | null;
  }>(
    `SELECT schemas.path, schema, groups, unpacked FROM (
       SELECT file_name AS path, string_agg(concat_ws(' ', name, duckdb_type, type, num_children), ',' ORDER BY column_id) AS schema
       FROM parquet_schema(${pathList(files)}) GROUP BY 1
     ) AS schemas LEFT JOIN (
       SELECT file_name AS path, list(row_group_num_rows::DOUBLE ORDER BY row_group_id) FILTER (WHERE column_id = 0) AS groups,
         sum(total_uncompressed_size)::DOUBLE AS unpacked
       FROM parquet_metadata(${pathList(files)}) GROUP BY 1
     ) AS counts ON counts.path = schemas.path`,
  );
  return new Map(
    rows.map(({ path, schema, groups, unpacked }) => [
      path,
      {
        schema,
        rowGroups: (groups ?? []).map((count) => ({ rows: count, isWanted: true })),
        unpackedBytes: unpacked ?? 0,
      },
    ]),
  );
}

/**
 * Marks the row groups of files with one schema that hold no row of the window, by the statistics of their timestamp
 * column, whose name it is given: a group with rows without a timestamp, or without statistics, is always wanted.
 */
export async function markWanted(
  database: Database,
  files: readonly InputFile[],
  timestampColumn: string,
  { sinceUs, untilUs }: TimeWindow,
): Promise<ReadonlyMap<string, readonly boolean[]>> {
  const wanted = new Map<string, readonly boolean[]>();
  const bound = (side: string): string => `epoch_us(TRY_CAST(stats_${side}_value AS TIMESTAMPTZ))`;
  const outside = [
    ...(sinceUs === null ? [] : [`${bound('max')} < ${sinceUs}`]),
    ...(untilUs === null ? [] : [`${bound('min')} >= ${untilUs}`]),
  ];
  for (let at = 0; at < files.length; at += FILES_A_QUERY) {
    const rows = await database.rows<{ path: string; wanted: boolean[] }>(
      `SELECT file_name AS path,
         list(NOT coalesce(stats_null_count = 0 AND (${outside.join(' OR ')}), false) ORDER BY row_group_id) AS wanted
       FROM parquet_metadata(${pathList(files.slice(at, at + FILES_A_QUERY))})
       WHERE path_in_schema = ${quoteText(timestampColumn)} GROUP BY 1`,
    );
    for (const { path, wanted: marks } of rows) wanted.set(path, marks);
  }
  return wanted;
}
