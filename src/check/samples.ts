import type { Database } from '../duckdb.ts';
import { EVENT_COLUMNS } from '../source/columns/names.ts';
import type { ClassName } from '../source/event-classes.ts';
import { isLineJson, jsonReaderOf, NO_OBJECT } from '../source/readers.ts';
import type { LineKeeper } from '../source/refused-lines.ts';
import { MALFORMED } from '../source/row-reasons.ts';
import type { ScanSlice } from '../source/slices.ts';
import { quoteText } from '../sql-text.ts';
import { eventRows, type ReadableSlice } from './event-rows-sql.ts';
import type { SampleLine, SampleRow } from './report.ts';

const SAMPLE_ROWS = 3;
/** Of a line, which may have megabytes. */
const SAMPLE_BYTES = 400;

/** Keeps the first lines that could not be read. */
export class FirstLines implements LineKeeper {
  readonly samples: SampleLine[] = [];

  write(file: string, row: number, bytes: Buffer): void {
    if (this.samples.length >= SAMPLE_ROWS) return;
    this.samples.push({ where: file, row, text: bytes.subarray(0, SAMPLE_BYTES).toString('utf8') });
  }
}

/**
 * The first rows of each reason that occurs but malformed_row, in the order of the input. Slice by slice, so that it ends as soon as
 * there are enough of each.
 */
export async function sampleInvalidRows(
  database: Database,
  slices: readonly ReadableSlice[],
  eventNames: Readonly<Record<ClassName, readonly string[]>>,
  invalidByReason: Readonly<Record<string, number>>,
): Promise<Record<string, SampleRow[]>> {
  const samples = new Map<string, SampleRow[]>();
  for (const [reason, count] of Object.entries(invalidByReason))
    if (count > 0 && reason !== MALFORMED) samples.set(reason, []);
  for (const slice of slices) {
    const wanted = [...samples.keys()].filter(
      (reason) => samples.get(reason)!.length < Math.min(SAMPLE_ROWS, invalidByReason[reason]!),
    );
    if (wanted.length === 0) break;
    for (const { reason, ...row } of await firstRows(database, eventRows([slice], eventNames), wanted))
      if (samples.get(reason)!.length < SAMPLE_ROWS) samples.get(reason)!.push(row);
  }
  return Object.fromEntries(samples);
}

/** Elements of JSON arrays that are no objects: a run counts them as it does lines that cannot be read. */
export async function countElements(
  database: Database,
  slices: readonly ScanSlice[],
  lines: FirstLines,
): Promise<number> {
  let found = 0;
  for (const file of slices.flatMap(({ files }) => files)) {
    if (file.format !== 'ndjson' || isLineJson(file)) continue;
    const [row] = await database.rows<{ count: number; first: { row: string; text: string }[] | null }>(
      `SELECT count(*)::DOUBLE AS count, arg_min({row: row, text: left(json::VARCHAR, ${SAMPLE_BYTES})}, row, ${SAMPLE_ROWS}) AS first
       FROM (SELECT json, row_number() OVER () AS row FROM ${jsonReaderOf([file])}) WHERE ${NO_OBJECT}`,
    );
    found += row?.count ?? 0;
    for (const { row: number, text } of row?.first ?? [])
      lines.write(file.name, Number(number), Buffer.from(text));
  }
  return found;
}

/** The aggregate holds three rows a reason, however many there are. */
async function firstRows(
  database: Database,
  rows: string,
  reasons: readonly string[],
): Promise<(SampleRow & { readonly reason: string })[]> {
  const fields = ['file', ...EVENT_COLUMNS.map((column) => `raw_${column}`)];
  const groups = await database.rows<{ reason: string; first: Record<string, string | null>[] }>(
    `SELECT reason, arg_min({${fields.map((name) => `${name}: ${name}`).join(', ')}}, number, ${SAMPLE_ROWS}) AS first
     FROM (SELECT *, row_number() OVER () AS number
       FROM (${rows}) WHERE reason IN (${reasons.map((reason) => quoteText(reason)).join(', ')}))
     GROUP BY reason`,
  );
  return groups.flatMap(({ reason, first }) =>
    first.map((row) => ({
      reason,
      where: row.file!,
      values: Object.fromEntries(EVENT_COLUMNS.map((column) => [column, row[`raw_${column}`] ?? null])),
    })),
  );
}
