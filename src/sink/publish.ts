import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, type Stats, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EXIT, PlayfoldError } from '../errors.ts';

/** The manifest of a published folder: only a folder that holds one is ever replaced. */
export const MANIFEST = '_run.json';

/**
 * Refuses a target that is not ours to replace: a file, or a folder with something in it but no manifest. Throws
 * a PlayfoldError (usage) that names `option`.
 */
export function checkTarget(outFolder: string, option = '--out'): void {
  let stats: Stats | undefined;
  try {
    stats = statSync(outFolder, { throwIfNoEntry: false });
  } catch (error) {
    throw diskError(outFolder, error);
  }
  if (stats === undefined) return;
  if (!stats.isDirectory())
    throw new PlayfoldError(`${option} ${outFolder}: this is a file; name a folder.`, EXIT.usage);
  if (readdirSync(outFolder).length > 0 && !existsSync(join(outFolder, MANIFEST)))
    throw new PlayfoldError(
      `${option} ${outFolder}: the folder is not empty and holds no ${MANIFEST}, so playfold did not write it; ` +
        'name another folder, or empty this one.',
      EXIT.usage,
    );
}

/** A result in the making: a hidden folder beside the target, so that moving it into place is one rename. */
export class Staging {
  readonly folder: string;
  private readonly target: string;
  private readonly replaced: string;

  private constructor(target: string) {
    const name = `.${basename(target)}.playfold-${randomUUID()}`;
    this.target = target;
    this.folder = join(dirname(target), name);
    this.replaced = join(dirname(target), `${name}.replaced`);
  }

  static async create(outFolder: string): Promise<Staging> {
    const staging = new Staging(resolve(outFolder));
    try {
      await mkdir(staging.folder, { recursive: true });
    } catch (error) {
      throw diskError(staging.folder, error);
    }
    return staging;
  }

  /** Moves the result into place; the one it replaces is removed afterwards. */
  async publish(): Promise<void> {
    const replaces = existsSync(this.target);
    try {
      if (replaces) await rename(this.target, this.replaced);
      await rename(this.folder, this.target);
    } catch (error) {
      if (replaces && !existsSync(this.target)) await rename(this.replaced, this.target);
      throw diskError(this.target, error);
    }
    await rm(this.replaced, { recursive: true, force: true });
  }

  /** Removes what was staged and not published. */
  async discard(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

function diskError(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  return new PlayfoldError(
    `${path}: cannot be written (${code}); check the folder's permissions and free space.`,
    EXIT.disk,
  );
}
