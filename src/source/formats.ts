import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { EXIT, PlayfoldError } from '../errors.ts';
import type { StopCheck } from '../progress-counters.ts';
import { type ByteSource, compressionOf, readBytes, readHead } from './byte-stream.ts';
import type { CsvDialect } from './csv-dialect.ts';
import { UNPACK_LIMIT } from './unpack-limit.ts';
import { verifyZstdFrames } from './zstd-frames.ts';

export type Format = 'parquet' | 'ndjson' | 'csv';

/** How objects stand in a JSON file, in DuckDB's words: a line each, in one array, or spread over lines. */
export type JsonLayout = 'newline_delimited' | 'array' | 'unstructured';

/** One file to read. Plain data. */
export interface InputFile extends ByteSource {
  readonly format: Format;
  readonly byteLength: number;
  /** Of JSON. */
  readonly jsonLayout: JsonLayout;
  /** Of CSV, once it is known (`withDialect`). */
  readonly dialect: CsvDialect | null;
}

const ENDINGS: readonly (readonly [RegExp, Format])[] = [
  [/\.(parquet|pq)$/i, 'parquet'],
  [/\.(ndjson|jsonl|json)(\.(gz|gzip|zst|zstd))?$/i, 'ndjson'],
  [/\.(csv|tsv|psv)(\.(gz|gzip|zst|zstd))?$/i, 'csv'],
];

const HEAD_BYTES = 64 * 1024;

/** The format that a file's name tells, or null. */
export function formatByEnding(name: string): Format | null {
  return ENDINGS.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/**
 * Tells format and compression: Parquet and compression by their magic numbers, the rest by the name's ending, and
 * without one by the first character. Throws a PlayfoldError (input) for a file that cannot be read or is UTF-16.
 */
export async function recognizeFile(path: string, name: string, check?: StopCheck): Promise<InputFile> {
  const byteLength = statSync(path).size;
  const start = readStart(path, name);
  const compression = compressionOf(start);
  const ending = formatByEnding(basename(name));
  const file = {
    path,
    name,
    byteLength,
    compression,
    jsonLayout: 'newline_delimited',
    dialect: null,
  } as const;
  if (start.toString('latin1') === 'PAR1' || ending === 'parquet') return { ...file, format: 'parquet' };
  if (compression === 'zstd') await verifyZstd(file, check);
  const head = await readHead(file, HEAD_BYTES);
  refuseUtf16(head, name);
  const text = head
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  const format = ending ?? (/^[[{]/.test(text) ? 'ndjson' : 'csv');
  return { ...file, format, jsonLayout: layoutOf(text) };
}

/** Reads a zstd file to its end only where its headers leave open that it unpacks too far. */
async function verifyZstd(
  file: ByteSource & { readonly byteLength: number },
  check?: StopCheck,
): Promise<void> {
  const mostBytes = verifyZstdFrames(file);
  const { freeBytes, ratio } = UNPACK_LIMIT;
  if (mostBytes <= freeBytes || mostBytes <= ratio * file.byteLength) return;
  for await (const _ of readBytes(file, check));
}

function readStart(path: string, name: string): Buffer {
  const start = Buffer.alloc(4);
  let fd: number | null = null;
  try {
    fd = openSync(path, 'r');
    return start.subarray(0, readSync(fd, start, 0, start.length, 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PlayfoldError(`${name}: cannot be read (${code}); check its permissions.`, EXIT.input);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** UTF-16 begins with a byte order mark, or has a zero byte in every other place of its first characters. */
function refuseUtf16(head: Buffer, name: string): void {
  const marks = head.length >= 2 ? head.readUInt16BE() : 0;
  const isZero = (at: number): boolean => head[at] === 0;
  const alternates = head.length >= 8 && [0, 1].some((at) => [0, 2, 4].every((step) => isZero(at + step)));
  if (marks !== 0xfffe && marks !== 0xfeff && !alternates) return;
  throw new PlayfoldError(
    `${name}: this is UTF-16 text; write it as UTF-8, for instance with iconv -f UTF-16 -t UTF-8.`,
    EXIT.input,
  );
}

/** An object that its first line does not end, with anything but another object on the next, is spread over lines. */
function layoutOf(text: string): JsonLayout {
  if (text.startsWith('[')) return 'array';
  const [first = '', second = ''] = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const isOpen = first.startsWith('{') && !/}\s*$/.test(first);
  return isOpen && second !== '' && !second.trimStart().startsWith('{')
    ? 'unstructured'
    : 'newline_delimited';
}
