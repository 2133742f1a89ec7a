import { gzipSync } from 'node:zlib';
import { scenarioLines } from '../src/sample/sample-data.ts';
import { randomOf } from './harness.ts';

/** A file that was whole, and has been damaged: the same for the same seed. */
export interface FuzzFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Bytes that readers stumble over. */
const TOKENS: readonly Buffer[] = [
  '\0',
  '\r',
  '\n',
  '\r\n\r\n',
  '"',
  "'",
  '""',
  ',',
  ';',
  '\t',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ':null',
  '\uFEFF',
  '\u{1F600}',
  '\u202E',
  '-',
  '1e999',
  '-1e999',
  'NaN',
  '99999999999999999999999999999999',
  '0x7f',
  '2026-13-45T99:99:99Z',
  '-infinity',
  "'; DROP TABLE users; --",
  "' || read_text('/etc/passwd') || '",
  '../../../../etc/passwd',
  '%s%n',
  'PAR1',
  '{"a":'.repeat(500),
  '['.repeat(2000),
  'x'.repeat(70_000),
]
  .map((text) => Buffer.from(text))
  .concat([
    Buffer.from([0xff, 0xfe]),
    Buffer.from([0xc3]),
    Buffer.from([0x1f, 0x8b, 8, 0]),
    Buffer.alloc(64),
  ]);

const lines = scenarioLines();

function toCsv(): string {
  const rows = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value: unknown): string =>
    value === null || value === undefined
      ? ''
      : /[",\n]/.test(String(value))
        ? JSON.stringify(value)
        : String(value);
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))]
    .map((row) => `${row.map(cell).join(',')}\n`)
    .join('');
}

/** Whole files, by name. `parquet` is one that holds the same events. */
export function wholeFiles(parquet: Buffer): FuzzFile[] {
  return [
    { name: 'events.ndjson', bytes: Buffer.from(lines) },
    { name: 'events.csv', bytes: Buffer.from(toCsv()) },
    { name: 'events.parquet', bytes: parquet },
    { name: 'events.ndjson.gz', bytes: gzipSync(lines) },
    { name: 'events.csv.gz', bytes: gzipSync(toCsv()) },
  ];
}

/** Damages one of the whole files in one to eight places. */
export function damageFile(files: readonly FuzzFile[], seed: number): FuzzFile {
  const random = randomOf(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const { name, bytes: whole } = files[below(files.length)]!;
  let bytes = Buffer.from(whole);
  const damages = [
    () => {
      if (bytes.length > 0) bytes[below(bytes.length)]! ^= 1 << below(8);
    },
    () => {
      if (bytes.length > 0) bytes[below(bytes.length)] = below(256);
    },
    () => {
      bytes = bytes.subarray(0, below(bytes.length + 1));
    },
    () => {
      const at = below(bytes.length + 1);
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + below(200))]);
    },
    () => {
      const at = below(bytes.length + 1);
      bytes = Buffer.concat([bytes.subarray(0, at), TOKENS[below(TOKENS.length)]!, bytes.subarray(at)]);
    },
    () => {
      const [at, from] = [below(bytes.length + 1), below(bytes.length + 1)];
      bytes = Buffer.concat([
        bytes.subarray(0, at),
        bytes.subarray(from, from + below(500)),
        bytes.subarray(at),
      ]);
    },
    () => {
      // Where Parquet keeps its footer.
      if (bytes.length > 8) bytes[bytes.length - 1 - below(Math.min(bytes.length, 600))] = below(256);
    },
  ];
  for (let count = 1 + below(1 + below(8)); count > 0; count--) {
    damages[below(damages.length)]!();
    bytes = Buffer.from(bytes);
  }
  return { name, bytes };
}
