import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import { EXIT, PlayfoldError } from '../errors.ts';

export type Format = 'parquet' | 'ndjson' | 'csv';

/** One file to read. */
export interface InputFile {
  readonly path: string;
  readonly format: Format;
  readonly byteLength: number;
}

const ENDINGS: readonly (readonly [RegExp, Format])[] = [
  [/\.(parquet|pq)$/i, 'parquet'],
  [/\.(ndjson|jsonl|json)(\.(gz|zst))?$/i, 'ndjson'],
  [/\.(csv|tsv)(\.(gz|zst))?$/i, 'csv'],
];

const isHidden = (name: string): boolean => name.startsWith('_') || name.startsWith('.');

/**
 * The data files of files, folders and globs: each once, in order of path. Folders are searched to the bottom;
 * names starting with `_` or `.` are skipped. Throws a PlayfoldError (input) for what is not there.
 */
export async function resolveInputs(inputs: readonly string[]): Promise<InputFile[]> {
  const paths = new Set<string>();
  for (const input of inputs) {
    for (const path of await expand(input)) paths.add(await realpath(path));
  }
  return [...paths].sort().map(describeFile);
}

async function expand(input: string): Promise<string[]> {
  const stats = statSync(input, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return filesBelow(resolve(input));
  if (stats !== undefined) return [resolve(input)];
  if (!/[*?{[]/.test(input))
    throw new PlayfoldError(
      `${input}: there is no such file or folder; check the path, or quote it where it is a glob.`,
      EXIT.input,
    );
  const pattern = input.replaceAll('\\', '/');
  const fixed = pattern.split('/').findIndex((part) => /[*?{[]/.test(part));
  const base = resolve(pattern.split('/').slice(0, fixed).join('/') || (pattern.startsWith('/') ? '/' : '.'));
  const all = await glob([pattern], { absolute: true, dot: false, onlyFiles: true });
  const found = all.filter((path) => !relative(base, path).split('/').some(isHidden));
  if (found.length === 0)
    throw new PlayfoldError(
      `${input}: no file matches this glob; check the path and the ending.`,
      EXIT.input,
    );
  return found;
}

async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (isHidden(entry.name)) continue;
    const path = join(folder, entry.name);
    if (statSync(path).isDirectory()) found.push(...(await filesBelow(path)));
    else if (ENDINGS.some(([ending]) => ending.test(entry.name))) found.push(path);
  }
  return found;
}

function describeFile(path: string): InputFile {
  const ending = ENDINGS.find(([pattern]) => pattern.test(basename(path)));
  const byteLength = statSync(path).size;
  return { path, format: ending?.[1] ?? sniffFormat(path), byteLength };
}

/** Tells a format by the first bytes of a file: Parquet's magic number, an opening brace, or else CSV. */
function sniffFormat(path: string): Format {
  const head = Buffer.alloc(512);
  const fd = openFile(path);
  try {
    const length = readSync(fd, head, 0, head.length, 0);
    const text = head.toString('utf8', 0, length);
    if (text.startsWith('PAR1')) return 'parquet';
    return /^\uFEFF?\s*[[{]/.test(text) ? 'ndjson' : 'csv';
  } finally {
    closeSync(fd);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PlayfoldError(`${path}: cannot be read (${code}); check its permissions.`, EXIT.input);
  }
}
