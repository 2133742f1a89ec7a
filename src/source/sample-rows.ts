import { readHead } from './byte-stream.ts';
import { CsvRecords, splitRecord } from './csv-records.ts';
import type { InputFile } from './formats.ts';
import { readLines, toJsonObject } from './json-lines.ts';

const CSV_SAMPLE_BYTES = 1 << 20;

/**
 * The first rows of a CSV or NDJSON file as texts, without lines that cannot be read: DuckDB would stop at them.
 */
export async function sampleRows(file: InputFile, most: number): Promise<Record<string, string | null>[]> {
  return file.format === 'csv' ? sampleCsv(file, most) : sampleJson(file, most);
}

async function sampleCsv(file: InputFile, most: number): Promise<Record<string, string | null>[]> {
  const rows: Record<string, string | null>[] = [];
  const dialect = file.dialect!;
  const records = new CsvRecords(dialect, {
    keep: (bytes) => {
      if (rows.length >= most) return;
      const values = splitRecord(bytes.toString('utf8'), dialect);
      rows.push(Object.fromEntries(dialect.columns.map((name, i) => [name, values[i] || null])));
    },
    refuse: () => {},
  });
  const head = await readHead(file, CSV_SAMPLE_BYTES);
  records.push(head, head.length < CSV_SAMPLE_BYTES);
  return rows;
}

async function sampleJson(file: InputFile, most: number): Promise<Record<string, string | null>[]> {
  const rows: Record<string, string | null>[] = [];
  for await (const line of readLines(file)) {
    const object = toJsonObject(line);
    if (object === null) continue;
    const texts = Object.entries(object).map(([key, value]): [string, string | null] => [
      key,
      value === null ? null : typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    rows.push(Object.fromEntries(texts));
    if (rows.length >= most) break;
  }
  return rows;
}
