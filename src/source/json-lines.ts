import { isUtf8 } from 'node:buffer';
import type { StopCheck } from '../progress-counters.ts';
import { readBytes } from './byte-stream.ts';
import type { InputFile } from './formats.ts';

/** The longest line, in bytes: DuckDB reads JSON through buffers of 32 MiB. Of a longer one, so much is kept. */
const MAX_LINE_BYTES = 32_000_000;
/** What is looked at for the keys: one that first stands further down is not seen. */
const SAMPLED_LINES = 20_000;
const SAMPLED_BYTES = 8_000_000;

const LF = 10;

/** The lines of an NDJSON file that hold more than space, without their ends: those that count as rows. */
export async function* readLines(file: InputFile, check?: StopCheck): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer): void => {
    if (length < MAX_LINE_BYTES) parts.push(part.subarray(0, MAX_LINE_BYTES - length));
    length += part.length;
  };
  const take = (): Buffer => {
    const line = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    parts = [];
    length = 0;
    return line;
  };
  let isFirst = true;
  for await (const chunk of readBytes(file, check)) {
    const hasMark = isFirst && chunk.subarray(0, 3).toString() === '\uFEFF';
    isFirst = false;
    let at = hasMark ? 3 : 0;
    for (let end = chunk.indexOf(LF, at); end !== -1; end = chunk.indexOf(LF, at)) {
      add(chunk.subarray(at, end));
      at = end + 1;
      const line = take();
      if (isFilled(line)) yield line;
    }
    add(chunk.subarray(at));
  }
  const last = take();
  if (isFilled(last)) yield last;
}

function isFilled(line: Buffer): boolean {
  return line.some((byte) => byte !== 32 && (byte < 9 || byte > 13));
}

/** Whether DuckDB can read a line as an object. It takes a little more than JSON.parse, and a little less. */
export function isJsonObject(line: Buffer): boolean {
  return toJsonObject(line) !== null;
}

/** The object on a line; null where there is none that DuckDB can read. */
export function toJsonObject(line: Buffer): object | null {
  return isUtf8(line) ? parseObject(line.toString('utf8')) : null;
}

function parseObject(line: string): object | null {
  if (hasLoneSurrogate(line)) return null;
  try {
    return toObject(JSON.parse(line));
  } catch {
    try {
      return toObject(JSON.parse(toPlainJson(line)));
    } catch {
      return null;
    }
  }
}

function toObject(value: unknown): object | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
}

/** Half of a pair of escapes, which is no character. */
function hasLoneSurrogate(line: string): boolean {
  if (!/\\u[dD][89a-fA-F]/.test(line)) return false;
  const rest = line.replaceAll(/\\[^u]|\\u[dD][89abAB]..\\u[dD][c-fC-F]../g, '');
  return /\\u[dD][89a-fA-F]/.test(rest);
}

/** JSON with NaN and infinities, as Python writes them, and commas before a closing bracket: without these. */
function toPlainJson(line: string): string {
  return line.replaceAll(
    /("(?:[^"\\]|\\.)*")|-?\b(?:NaN|Inf(?:inity)?)\b|,(?=\s*[}\]])/gi,
    (found, text: string | undefined) => text ?? (found === ',' ? '' : '0'),
  );
}

/** The keys of the objects at the beginning of an NDJSON file, in order of appearance. */
export async function sampleKeys(file: InputFile): Promise<string[]> {
  const keys = new Set<string>();
  let lines = 0;
  let byteLength = 0;
  for await (const line of readLines(file)) {
    for (const key of Object.keys(parseObject(line.toString('utf8')) ?? {})) keys.add(key);
    byteLength += line.length;
    if (++lines >= SAMPLED_LINES || byteLength >= SAMPLED_BYTES) break;
  }
  return [...keys];
}
