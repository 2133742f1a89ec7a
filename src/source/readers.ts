import { type Database, quotePath, quoteText } from '../duckdb.ts';
import { PlayfoldError } from '../errors.ts';
import type { InputFile } from './inputs.ts';

/** A column of a file, with its DuckDB type. */
export interface Column {
  readonly name: string;
  readonly type: string;
}

/** A table function call that reads one or more files of one format. Without `names`, DuckDB finds them. */
export function readerOf(
  format: InputFile['format'],
  paths: readonly string[],
  { names = [], rowNumbers = false }: { names?: readonly string[]; rowNumbers?: boolean } = {},
): string {
  const list = `[${paths.map((path) => quotePath(path)).join(', ')}]`;
  switch (format) {
    case 'parquet':
      return `read_parquet(${list}, hive_partitioning = false${rowNumbers ? ', file_row_number = true' : ''})`;
    case 'ndjson': {
      const columns = names.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(', ');
      return `read_json(${list}, hive_partitioning = false${names.length > 0 ? `, columns = {${columns}}` : ''})`;
    }
    case 'csv':
      return `read_csv(${list}, hive_partitioning = false, all_varchar = true, header = true)`;
  }
}

/** Names and DuckDB types of a file's columns. */
export async function describeColumns(database: Database, file: InputFile): Promise<Column[]> {
  try {
    const rows = await database.rows<{ column_name: string; column_type: string }>(
      `DESCRIBE SELECT * FROM ${readerOf(file.format, [file.path])}`,
    );
    return rows.map((row) => ({ name: row.column_name, type: row.column_type }));
  } catch (error) {
    if (error instanceof PlayfoldError)
      throw new PlayfoldError(
        `${file.path}: cannot be read as ${file.format}: ${error.message}`,
        error.exitCode,
      );
    throw error;
  }
}
