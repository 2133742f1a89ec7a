import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { quoteText } from '../duckdb.ts';
import { formatRows } from '../terminal/rows-text.ts';
import { chooseFormat, copyOptions, type FileFormat, type Format } from './formats.ts';
import type { ParameterValue } from './ready.ts';
import { toSqlError } from './sql-error.ts';
import { writeStaged } from './staged-file.ts';
import { type PublishedTables, withTables } from './tables.ts';

/** SQL that a user wrote, or a ready query with its values. */
export type Question =
  | { readonly text: string }
  | { readonly sql: string; readonly values: Readonly<Record<string, ParameterValue>> };

export interface QueryOptions {
  readonly dir: string;
  readonly question: Question;
  readonly format?: Format | undefined;
  /** A file; without it the answer goes to `stdout`. */
  readonly out?: string | undefined;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly signal?: AbortSignal | undefined;
}

/** Rows that a table shows: more are for a file. */
const SHOWN_ROWS = 100;

/**
 * Asks a published result a question and writes the answer. Throws a PlayfoldError (usage) for SQL that does not hold,
 * and a StoppedError after `signal`.
 */
export async function query(options: QueryOptions): Promise<void> {
  const { out, stdout, question } = options;
  const format = chooseFormat(options.format, out, stdout.isTTY === true);
  if (format === 'table') return answer(options, [], (tables) => showTable(tables, options));
  if (out !== undefined)
    return writeStaged(out, (path) =>
      answer(options, [path], (tables) => copy(tables, question, format, path)),
    );
  await answer(options, [], async (tables) => {
    const path = join(tables.tempFolder, `result.${format}`);
    await copy(tables, question, format, path);
    await pipeline(createReadStream(path), stdout, { end: false }).catch(ignoreClosedPipe);
  });
}

async function answer(
  { dir, signal }: QueryOptions,
  writable: readonly string[],
  work: (tables: PublishedTables) => Promise<void>,
): Promise<void> {
  await withTables(dir, { writable, signal }, async (tables) => {
    try {
      await work(tables);
    } catch (error) {
      throw toSqlError(error, tables.columns, dir);
    }
  });
}

/** query() takes one SELECT and nothing else, whatever its text holds. */
const fromClause = (question: Question): string =>
  'text' in question ? `query(${quoteText(question.text)})` : `(${question.sql})`;

async function copy(
  { database }: PublishedTables,
  question: Question,
  format: FileFormat,
  path: string,
): Promise<void> {
  const sql = `COPY (FROM ${fromClause(question)}) TO ${quoteText(path)} (${copyOptions(format)})`;
  await database.connection.run(sql, 'text' in question ? undefined : question.values);
}

async function showTable({ database }: PublishedTables, { question, stdout }: QueryOptions): Promise<void> {
  const reader = await database.connection.runAndReadAll(
    `SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ${fromClause(question)} LIMIT ${SHOWN_ROWS + 1}`,
    'text' in question ? undefined : question.values,
  );
  const rows = (reader.getRows() as (string | null)[][]).map((row) => row.map((cell) => cell ?? ''));
  stdout.write(formatRows(reader.columnNames(), rows.slice(0, SHOWN_ROWS), stdout.columns));
  if (rows.length > SHOWN_ROWS)
    stdout.write(`The first ${SHOWN_ROWS} rows; --format csv or --out FILE gives all of them.\n`);
}

/** `| head` closes the pipe once it has enough. */
function ignoreClosedPipe(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
}
