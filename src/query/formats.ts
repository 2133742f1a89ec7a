import { extname } from 'node:path';
import { EXIT, PlayfoldError } from '../errors.ts';

/** COPY options by format; a table is text for people and no file. */
const COPY_OPTIONS = {
  csv: 'FORMAT csv, HEADER',
  json: 'FORMAT json, ARRAY true',
  ndjson: 'FORMAT json',
  parquet: 'FORMAT parquet, COMPRESSION zstd',
} as const;

export type FileFormat = keyof typeof COPY_OPTIONS;
export type Format = FileFormat | 'table';

export const FORMATS: readonly Format[] = ['table', ...(Object.keys(COPY_OPTIONS) as FileFormat[])];

/** DuckDB's COPY options for a format. */
export function copyOptions(format: FileFormat): string {
  return COPY_OPTIONS[format];
}

/**
 * The format asked for, else the one that the ending of `out` says, else a table on a terminal and CSV elsewhere.
 * Throws a PlayfoldError (usage) where they do not fit.
 */
export function chooseFormat(
  format: Format | undefined,
  out: string | undefined,
  isTerminal: boolean,
): Format {
  if (out === undefined) {
    if (format === 'parquet' && isTerminal)
      throw new PlayfoldError('--format parquet: a terminal cannot show it; add --out FILE.', EXIT.usage);
    return format ?? (isTerminal ? 'table' : 'csv');
  }
  const ending = extname(out).slice(1).toLowerCase();
  const chosen = format ?? (ending === 'jsonl' ? 'ndjson' : ending);
  if (chosen in COPY_OPTIONS) return chosen as FileFormat;
  throw new PlayfoldError(
    `--out ${out}: ${format === 'table' ? 'a table is for the terminal' : 'the ending does not say the format'}; ` +
      `add --format ${Object.keys(COPY_OPTIONS).join(', ')}.`,
    EXIT.usage,
  );
}
