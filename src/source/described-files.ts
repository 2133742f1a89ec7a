import type { Config } from '../config/schema.ts';
import type { Database } from '../duckdb.ts';
import { readColumns, type SourceColumns } from './columns.ts';
import { withDialect } from './csv-dialect.ts';
import type { InputFile } from './formats.ts';
import { markWanted, type ParquetFooter, type RowGroup, readFooters } from './parquet-footers.ts';
import { type Column, describeColumns } from './readers.ts';
import type { RowFilter } from './row-filter.ts';

/** What to read of the files. */
export interface SliceOptions extends RowFilter {
  /** A slice is then of one file, and knows all its columns. */
  readonly keepInvalid: boolean;
  readonly tempFolder: string;
}

/** A file and what a scan needs to know of it. */
export interface DescribedFile {
  readonly file: InputFile;
  readonly columns: SourceColumns;
  /** All columns, where invalid rows are kept. */
  readonly describedColumns: readonly Column[];
  /** Of Parquet; empty for text. */
  readonly rowGroups: readonly RowGroup[];
}

/**
 * Describes the files that are not empty, in their order. The footers of Parquet files are read many at a time, and
 * files with one schema are resolved once: thousands of small files take no longer to plan than to read. Throws a
 * PlayfoldError (input) for unreadable files and missing columns.
 */
export async function describeFiles(
  database: Database,
  files: readonly InputFile[],
  config: Config,
  options: SliceOptions,
): Promise<DescribedFile[]> {
  const filled = files.filter(({ byteLength }) => byteLength > 0);
  const footers = await readFooters(
    database,
    filled.filter(({ format }) => format === 'parquet'),
  );
  const known = new Map<string, Pick<DescribedFile, 'columns' | 'describedColumns'>>();
  const described: DescribedFile[] = [];
  for (const found of filled) {
    const file = await withDialect(database, found, options.tempFolder);
    const footer: ParquetFooter | undefined = footers.get(file.path);
    const shared = (footer && known.get(footer.schema)) ?? {
      columns: await readColumns(database, file, config),
      describedColumns: options.keepInvalid ? await describeColumns(database, file) : [],
    };
    if (footer !== undefined) known.set(footer.schema, shared);
    described.push({ file, ...shared, rowGroups: footer?.rowGroups ?? [] });
  }
  return markRowGroups(database, described, config, options);
}

/** The column whose statistics tell the times of a row group, or null where there is no such. */
function timestampColumn({ file, columns }: DescribedFile, { timezone }: Config): string | null {
  const match = columns.matches.find(({ column }) => column === 'timestamp');
  const [path] = match?.paths ?? [];
  const [type = ''] = match?.types ?? [];
  const isPlain = path !== undefined && match?.paths.length === 1 && columns.names.includes(path);
  // A time without zone is written as it is shown there: only in UTC is it the time that it means.
  const isUtc = type === 'TIMESTAMP WITH TIME ZONE' || (/^TIMESTAMP/.test(type) && timezone === 'UTC');
  return file.format === 'parquet' && isPlain && isUtc ? path : null;
}

async function markRowGroups(
  database: Database,
  described: readonly DescribedFile[],
  config: Config,
  window: SliceOptions,
): Promise<DescribedFile[]> {
  if (window.sinceUs === null && window.untilUs === null) return [...described];
  const filesOf = new Map<string, InputFile[]>();
  for (const one of described) {
    const column = timestampColumn(one, config);
    if (column !== null) filesOf.set(column, [...(filesOf.get(column) ?? []), one.file]);
  }
  const marks = new Map<string, readonly boolean[]>();
  for (const [column, files] of filesOf)
    for (const [path, wanted] of await markWanted(database, files, column, window)) marks.set(path, wanted);
  return described.map((one) => {
    const wanted = marks.get(one.file.path);
    const rowGroups = one.rowGroups.map((group, i) => ({ ...group, isWanted: wanted?.[i] ?? true }));
    return { ...one, rowGroups };
  });
}
