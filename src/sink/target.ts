import { existsSync, lstatSync, readdirSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EXIT, PlayfoldError, translateDiskError } from '../errors.ts';

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
    if (/^\..+\.playfold$/.test(basename(dirname(to))))
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
function readLink(path: string): string | null {
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

/**
 * Refuses a target that is not ours to replace: a file, a mount point, or a folder with something in it but no
 * manifest. Throws a PlayfoldError (usage) that names `option`.
 */
export function checkTarget(outFolder: string, option = '--out'): void {
  const { link } = findTarget(outFolder, option);
  let stats: Stats | undefined;
  try {
    stats = statSync(link, { throwIfNoEntry: false });
  } catch (error) {
    throw translateDiskError(error, outFolder);
  }
  if (stats === undefined) return;
  if (!stats.isDirectory()) throw usage(option, outFolder, 'this is a file; name a folder.');
  if (readLink(link) === null && stats.dev !== statSync(dirname(link)).dev)
    throw usage(
      option,
      outFolder,
      'a disk is mounted here, so it cannot be replaced as a whole; name a folder in it.',
    );
  if (readdirSync(link).length > 0 && !existsSync(join(link, MANIFEST)))
    throw usage(
      option,
      outFolder,
      `the folder is not empty and holds no ${MANIFEST}, so playfold did not write it; ` +
        'name another folder, or empty this one.',
    );
}

function usage(option: string, outFolder: string, message: string): PlayfoldError {
  return new PlayfoldError(`${option} ${outFolder}: ${message}`, EXIT.usage);
}
