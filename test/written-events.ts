import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Database, quoteText } from '../src/duckdb.ts';
import type { SampleEvent } from '../src/sample/scenarios.ts';

const COLUMNS = [
  'timestamp',
  'userId',
  'sessionId',
  'videoId',
  'eventName',
  'currentTime',
  'fromTime',
] as const;

type Write = (rows: readonly SampleEvent[]) => string | Buffer;

/** CSV of one manner: values are quoted where they must be, or all of them. */
function csv(delimiter: string, quoteAll: boolean, lineEnd: string): Write {
  const quote = (value: string): string =>
    quoteAll || /[",;|\t\r\n]|^ | $/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  return (rows) =>
    [COLUMNS.map(quote), ...rows.map((row) => COLUMNS.map((column) => quote(String(row[column] ?? ''))))]
      .map((values) => values.join(delimiter) + lineEnd)
      .join('');
}

const ndjson: Write = (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const halves: Write = (rows) => {
  const middle = rows.length >> 1;
  return Buffer.concat([rows.slice(0, middle), rows.slice(middle)].map((half) => gzipSync(ndjson(half))));
};

/** The same events, as a text file of each kind that playfold reads. */
export const TEXT_FILES: Readonly<Record<string, Write>> = {
  'events.ndjson': ndjson,
  'events.jsonl': (rows) => `\uFEFF${rows.map((row) => JSON.stringify(row)).join('\r\n\n')}`,
  'array.json': (rows) => JSON.stringify(rows),
  'pretty-array.json': (rows) => JSON.stringify(rows, null, 2),
  'pretty-objects.json': (rows) => rows.map((row) => JSON.stringify(row, null, 2)).join('\n'),
  'without-ending': ndjson,
  'csv-without-ending': csv(',', false, '\n'),
  'comma.csv': csv(',', false, '\n'),
  'quoted.csv': csv(',', true, '\r\n'),
  'semicolon.csv': csv(';', false, '\n'),
  'pipe.psv': csv('|', true, '\n'),
  'tab.tsv': csv('\t', false, '\n'),
  'byte-order-mark.csv': (rows) => `\uFEFF${csv(',', false, '\n')(rows)}`,
  'mixed-line-ends.csv': (rows) => String(csv(',', true, '\n')(rows)).replace('\n', '\r\n'),
  'preamble.csv': (rows) => `Exported for the team\n\n${csv(',', false, '\n')(rows)}`,
  'events.ndjson.gz': (rows) => gzipSync(ndjson(rows)),
  'two-members.ndjson.gz': halves,
  'plain-for-all-its-name.csv.gz': csv(',', false, '\n'),
  'packed-for-all-its-name.csv': (rows) => gzipSync(csv(',', false, '\n')(rows)),
  'array.json.gz': (rows) => gzipSync(JSON.stringify(rows)),
  'tab.tsv.gz': (rows) => gzipSync(csv('\t', true, '\n')(rows)),
};

const TYPES = `{${COLUMNS.map((name) => `${name}: '${/Time$/.test(name) ? 'DOUBLE' : 'VARCHAR'}'`).join(', ')}}`;

/** And those that DuckDB writes: what stands after COPY ... TO. */
const COPIED_FILES: Readonly<Record<string, string>> = {
  'events.parquet': '(FORMAT parquet)',
  'small-groups.parquet': '(FORMAT parquet, ROW_GROUP_SIZE 2048, COMPRESSION zstd)',
  'events.ndjson.zst': '(FORMAT json, COMPRESSION zstd)',
  'array.json.zst': '(FORMAT json, ARRAY true, COMPRESSION zstd)',
  'events.csv.zst': '(FORMAT csv, HEADER, COMPRESSION zstd)',
  'tab.tsv.zst': "(FORMAT csv, HEADER, DELIMITER '\t', COMPRESSION zstd)",
};

export const FILE_NAMES = [...Object.keys(TEXT_FILES), ...Object.keys(COPIED_FILES)];

/** Writes the events as the file `name`, in `folder`, and gives its path. */
export async function writeEvents(
  database: Database,
  folder: string,
  name: string,
  rows: readonly SampleEvent[],
): Promise<string> {
  const path = join(folder, name);
  const write = TEXT_FILES[name];
  if (write !== undefined) {
    writeFileSync(path, write(rows));
    return path;
  }
  const source = join(folder, `_${name}.ndjson`);
  writeFileSync(source, ndjson(rows));
  await database.run(
    `COPY (SELECT * FROM read_json(${quoteText(source)}, format = 'newline_delimited', columns = ${TYPES})) TO ${quoteText(path)} ${COPIED_FILES[name]}`,
  );
  return path;
}

const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** A zstd frame that stores its bytes in blocks as they are; `checksum` is taken as given. */
export function zstdFrame(bytes: Buffer, checksum: Buffer | null = null): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  const blocks: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += 1 << 16) {
    const block = bytes.subarray(at, at + (1 << 16));
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (at + (1 << 16) >= bytes.length ? 1 : 0), 0, 3);
    blocks.push(header, block);
  }
  return Buffer.concat([
    MAGIC,
    Buffer.from([checksum === null ? 0xa0 : 0xa4]),
    size,
    ...blocks,
    checksum ?? Buffer.alloc(0),
  ]);
}
