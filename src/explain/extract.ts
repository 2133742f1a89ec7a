import { join } from 'node:path';
import { type Database, quoteText } from '../duckdb.ts';
import type { ResolvedOptions } from '../run-options.ts';
import type { ColumnExpressions } from '../source/columns.ts';
import { mergeEventNames } from '../source/dialects/index.ts';
import { type InputFile, resolveInputs } from '../source/inputs.ts';
import type { ScanSlice } from '../source/slices.ts';
import { querySlices } from './slice-rows.ts';

/** The rows that an explanation is about, copied out of the input in one pass over it. */
export interface Extract {
  /** Parquet with the columns of SPEC.md section 1: timestamp in microseconds, ids and event names as text. */
  readonly files: readonly InputFile[];
  /** As those of a run over the input, for reading `files`. */
  readonly options: ResolvedOptions;
}

const COLUMN_NAMES: Readonly<Record<keyof ColumnExpressions, string>> = {
  timestampUs: 'timestamp',
  userId: 'userId',
  sessionId: 'sessionId',
  videoId: 'videoId',
  eventName: 'eventName',
  currentTime: 'currentTime',
  fromTime: 'fromTime',
};

/**
 * Copies the rows of `slices` to the temporary folder. DuckDB decodes the columns of the slices' conditions first and
 * the others only where those hold. `onRows` is told the rows of each slice.
 */
export async function extractRows(
  database: Database,
  slices: readonly ScanSlice[],
  tempFolder: string,
  options: ResolvedOptions,
  onRows: (rowCount: number) => void,
): Promise<Extract> {
  const paths: string[] = [];
  await querySlices(slices, tempFolder, async ({ expressions, rowEstimate }, fromWhere, index) => {
    const path = join(tempFolder, `extract-${index}.parquet`);
    const columns = Object.entries(COLUMN_NAMES).map(
      ([key, name]) => `${expressions[key as keyof ColumnExpressions] ?? 'NULL::DOUBLE'} AS "${name}"`,
    );
    const [copied] = await database.rows<{ Count: string }>(
      `COPY (SELECT ${columns.join(', ')} ${fromWhere}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION lz4)`,
    );
    if (copied?.Count !== '0') paths.push(path);
    onRows(rowEstimate);
  });
  const dialects = slices.map(({ columns }) => columns.dialect);
  const reading = { columns: {}, dialect: 'playfold', timestampUnit: 'us' } as const;
  const eventNames = mergeEventNames(options.config.eventNames, dialects);
  return {
    files: paths.length === 0 ? [] : await resolveInputs(paths, tempFolder),
    options: {
      ...options,
      // What lies outside the window was left behind.
      sinceUs: null,
      untilUs: null,
      config: { ...options.config, ...reading, eventNames },
    },
  };
}
