import type { Database } from '../duckdb.ts';
import { EVENT_COLUMNS } from '../source/columns/names.ts';
import type { ClassName } from '../source/event-classes.ts';
import { quoteText } from '../sql-text.ts';
import { eventRows, type ReadableSlice } from './event-rows-sql.ts';
import type { SampleRow } from './report.ts';

const SAMPLE_ROWS = 3;

/**
 * The first rows of each reason that occurs, in the order of the input. Slice by slice, so that it ends as soon as
 * there are enough of each.
 */
export async function sampleInvalidRows(
  database: Database,
  slices: readonly ReadableSlice[],
  eventNames: Readonly<Record<ClassName, readonly string[]>>,
  invalidByReason: Readonly<Record<string, number>>,
): Promise<Record<string, SampleRow[]>> {
  const samples = new Map<string, SampleRow[]>();
  for (const [reason, count] of Object.entries(invalidByReason)) if (count > 0) samples.set(reason, []);
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
