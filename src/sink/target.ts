import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EXIT, PlayfoldError, translateDiskError } from '../errors.ts';
import { STORE_NAME } from '../store-name.ts';

/** The manifest of a published folder: only a folder that holds one is ever replaced. */
export const MANIFEST = '_run.json';

/** Where a result stands. Paths are absolute. */
export interface Target {
  /** What readers name: a link into `store`, or a plain folder where no link can be or has yet been made. */
  readonly link: string;
  /** `.NAME.playfold` beside the link: one folder a version, and the lock. */
  readonly store: string;
}

const MOST_LINKS = 40;

/**
 * Finds the place behind what a user named: links that are not playfold's own are followed, so that they stay.
 * Throws a PlayfoldError (usage) for a link into another result's versions.
 */
export function findTarget(outFolder: string, option = '--out'): Target {
  let link = resolve(outFolder);
  for (let links = 0; links < MOST_LINKS; links++) {
    const store = join(dirname(link), `.${basename(link)}.playfold`);
    const to = readLink(link);
    if (to === null || dirname(to) === store) return { link, store };
    if (STORE_NAME.test(basename(dirname(to))))
      throw usage(
        option,
        outFolder,
        `this is a link to a version of another result (${to}); name another folder.`,
      );
    link = to;
  }
  throw usage(option, outFolder, 'its links lead in a circle; name another folder.');
}

/** Where a link leads, absolute; null for what is no link or not there. */
export function readLink(path: string): string | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()
      ? resolve(dirname(path), readlinkSync(path))
      : null;
  } catch (error) {
    throw translateDiskError(error, path);
  }
}

/** The name of the published version in the store; null where readers see a plain folder or nothing. */
export function publishedVersion({ link }: Target): string | null {
  const to = readLink(link);
  return to !== null && existsSync(to) ? basename(to) : null;
}

/** The folder that readers see now, with all links resolved; null where there is no result. */
export function publishedFolder(target: Target): string | null {
  const version = publishedVersion(target);
  const folder = version === null ? target.link : join(target.store, version);
  return existsSync(join(folder, MANIFEST)) ? folder : null;
}

/** A mistake in the option that names the folder. */
export function usage(option: string, outFolder: string, message: string): PlayfoldError {
  return new PlayfoldError(`${option} ${outFolder}: ${message}`, EXIT.usage);
}
