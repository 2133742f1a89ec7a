import { randomUUID } from 'node:crypto';
import { type Stats, statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import { EXIT, PlayfoldError } from '../errors.ts';
import { stopCheckOf } from '../progress-counters.ts';
import { filesBelow, isHidden, isInStore, resolveInside } from './folder-files.ts';
import { formatByEnding, type InputFile, recognizeFile } from './formats.ts';
import { spool } from './spool.ts';

export type { InputFile } from './formats.ts';

const STANDARD_INPUT = ['-', '/dev/stdin'];

const isData = (name: string): boolean => formatByEnding(name) !== null;

/**
 * The data files of files, folders and globs: each once, in order of path. Folders are searched to the bottom;
 * names starting with `_` or `.` are skipped. What can be read only once, `-` for standard input and pipes, is
 * copied to `spoolFolder` first. Paths that are not wanted are left out before a byte is read. Throws a PlayfoldError
 * (input) for what is not there or cannot be read, and for links that lead out of a folder.
 */
export async function resolveInputs(
  inputs: readonly string[],
  spoolFolder: string,
  {
    isWanted = () => true,
    signal,
  }: { readonly isWanted?: (path: string) => boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<InputFile[]> {
  const check = stopCheckOf(signal);
  const paths = new Set<string>();
  const spooled: InputFile[] = [];
  for (const input of new Set(inputs)) {
    const isStandardInput = STANDARD_INPUT.includes(input);
    const stats = isStandardInput ? undefined : statOf(input);
    if (isStandardInput || stats?.isFIFO() || stats?.isCharacterDevice()) {
      const source = isStandardInput ? '-' : input;
      const copy = await spool(source, join(spoolFolder, `input-${randomUUID()}`), signal);
      spooled.push(await recognizeFile(copy, source, check));
    } else for (const path of await expand(input, stats)) paths.add(await realpath(path));
  }
  const files: InputFile[] = [];
  for (const path of [...paths].filter(isWanted).sort()) files.push(await recognizeFile(path, path, check));
  return [...files, ...spooled];
}

/** Undefined for what is not there. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    throw new PlayfoldError(
      `${path}: cannot be read (${code}); check the path and its permissions.`,
      EXIT.input,
    );
  }
}

async function expand(input: string, stats: Stats | undefined): Promise<string[]> {
  if (stats?.isDirectory()) return filesBelow(resolve(input), isData);
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
  const root = await realpath(base);
  const events: string[] = [];
  for (const path of found) if (!isInStore(root, await resolveInside(root, path))) events.push(path);
  return events;
}
