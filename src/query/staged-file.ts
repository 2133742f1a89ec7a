import { randomUUID } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EXIT, PlayfoldError } from '../errors.ts';

/**
 * Gives `write` a hidden path beside `out`, and renames it to `out` once it is whole: nobody sees half a file. Throws
 * a PlayfoldError (usage, disk) that names `out`.
 */
export async function writeStaged(out: string, write: (path: string) => Promise<void>): Promise<void> {
  const staged = stagedPath(out);
  try {
    await write(staged);
    await rename(staged, resolve(out));
  } catch (error) {
    await rm(staged, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof PlayfoldError || code === undefined) throw error;
    throw new PlayfoldError(`--out ${out}: cannot be written (${code}).`, EXIT.disk);
  }
}

/** Throws a PlayfoldError (usage) where `out` is a folder or lies in none. */
function stagedPath(out: string): string {
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory())
    throw new PlayfoldError(`--out ${out}: this is a folder; name a file.`, EXIT.usage);
  const folder = dirname(resolve(out));
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new PlayfoldError(`--out ${out}: there is no folder ${folder}.`, EXIT.usage);
  return join(realpathSync(folder), `.${basename(out)}.playfold-${randomUUID()}`);
}
