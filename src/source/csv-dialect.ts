import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Database, quotePath } from '../duckdb.ts';
import { PlayfoldError } from '../errors.ts';
import { readHead } from './byte-stream.ts';
import { splitRecord } from './csv-records.ts';
import type { InputFile } from './formats.ts';

/** How a CSV file is written. Delimiter, quote and escape are one character each. */
export interface CsvDialect {
  readonly delimiter: string;
  readonly quote: string;
  readonly escapeChar: string;
  /** Lines above the header. */
  readonly skipLines: number;
  /** The header's names, each once. */
  readonly columns: readonly string[];
}

type Marks = Pick<CsvDialect, 'delimiter' | 'quote' | 'escapeChar'>;

interface Sniffed extends Marks {
  readonly skip: number;
}

const HEAD_BYTES = 256 * 1024;
const DELIMITERS = [',', '\t', ';', '|'];

/** The file with its dialect, where it is CSV. `tempFolder` takes a sample of it. */
export async function withDialect(
  database: Database,
  file: InputFile,
  tempFolder: string,
): Promise<InputFile> {
  return file.format === 'csv' && file.dialect === null
    ? { ...file, dialect: await sniffDialect(database, file, join(tempFolder, 'sample.csv')) }
    : file;
}

/**
 * DuckDB's sniffer says how the file is written; but it takes broken lines for a hint, so that what it says holds
 * only where the header agrees.
 */
async function sniffDialect(database: Database, file: InputFile, samplePath: string): Promise<CsvDialect> {
  const head = (await readHead(file, HEAD_BYTES)).toString('utf8').replace(/^\uFEFF/, '');
  // A sample, because the sniffer takes seconds over a line of megabytes, and gives up on what is not UTF-8.
  await writeFile(samplePath, head.slice(0, head.lastIndexOf('\n') + 1 || head.length));
  const lines = head.split(/\r\n|\n|\r/);
  const first = lines.findIndex((line) => line !== '');
  const header = lines[first] ?? '';
  for (const leniency of ['', ', ignore_errors = true, strict_mode = false']) {
    const sniffed = await sniff(database, samplePath, leniency);
    if (sniffed === null) continue;
    if (splitRecord(header, sniffed).length > 1) return dialectOf(sniffed, first, header);
    const below = lines[sniffed.skip];
    if (below !== undefined && splitRecord(below, sniffed).length > 1)
      return dialectOf(sniffed, sniffed.skip, below);
  }
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  const delimiter = DELIMITERS[counts.indexOf(Math.max(...counts))]!;
  return dialectOf({ delimiter, quote: '"', escapeChar: '"' }, Math.max(0, first), header);
}

function dialectOf({ delimiter, quote, escapeChar }: Marks, skipLines: number, header: string): CsvDialect {
  const columns: string[] = [];
  for (const [i, value] of splitRecord(header, { delimiter, quote, escapeChar }).entries()) {
    const name = value.trim() || `column${i}`;
    const isTaken = (candidate: string): boolean =>
      columns.some((column) => column.toLowerCase() === candidate.toLowerCase());
    let unique = name;
    for (let n = 1; isTaken(unique); n++) unique = `${name}_${n}`;
    columns.push(unique);
  }
  return { delimiter, quote, escapeChar, skipLines, columns };
}

/** Null where the sniffer gives up. A file without any quote is taken to quote as most do. */
async function sniff(database: Database, samplePath: string, leniency: string): Promise<Sniffed | null> {
  try {
    const [row] = await database.rows<{ delimiter: string; quote: string; escapeChar: string; skip: number }>(
      `SELECT Delimiter AS delimiter, Quote AS quote, Escape AS "escapeChar", SkipRows::DOUBLE AS skip
       FROM sniff_csv(${quotePath(samplePath)}, all_varchar = true, comment = ''${leniency})`,
    );
    if (row === undefined || row.delimiter.length !== 1) return null;
    const quote = row.quote.length === 1 ? row.quote : '"';
    return { ...row, quote, escapeChar: row.escapeChar.length === 1 ? row.escapeChar : quote };
  } catch (error) {
    if (error instanceof PlayfoldError) return null;
    throw error;
  }
}
