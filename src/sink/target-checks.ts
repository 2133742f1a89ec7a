import { existsSync, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { translateDiskError } from '../errors.ts';
import { STORE_NAME } from '../store-name.ts';
import { findTarget, MANIFEST, readLink, type Target, usage } from './target.ts';

/**
 * Refuses a target that is not ours to replace: a file, a mount point, or a folder with something in it but no
 * manifest, one of the other kind, and whatever lies in a store. Throws a PlayfoldError (usage) that names `option`.
 */
export function checkTarget(outFolder: string, option = '--out'): void {
  const { link } = findTarget(outFolder, option);
  const store = realPath(dirname(link))
    .split(sep)
    .find((name) => STORE_NAME.test(name));
  if (store !== undefined)
    throw usage(
      option,
      outFolder,
      `this lies in ${store}, where playfold keeps the versions of a result and removes all else; name another folder.`,
    );
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
  refuseOtherKind(link, outFolder, option);
}

/** A result is not to be replaced by invalid rows, nor the other way round. */
function refuseOtherKind(link: string, outFolder: string, option: string): void {
  let manifest: object | null;
  try {
    manifest = JSON.parse(readFileSync(join(link, MANIFEST), 'utf8')) as object | null;
  } catch {
    return;
  }
  if (manifest === null || typeof manifest !== 'object') return;
  if (option === '--quarantine' && 'summary' in manifest)
    throw usage(
      option,
      outFolder,
      'this holds the result of a run, which would be gone; name another folder.',
    );
  if (option !== '--quarantine' && 'invalidByReason' in manifest)
    throw usage(
      option,
      outFolder,
      'this holds the invalid rows of a run (--quarantine); name another folder.',
    );
}

/** Refuses a quarantine that would lie in the result or its store, or the other way round. */
export function refuseOverlap(outFolder: string, quarantine: string): void {
  const placesOf = ({ link, store }: Target): string[] => [
    realPath(dirname(link), basename(link)),
    realPath(store),
  ];
  const [result, kept] = [findTarget(outFolder), findTarget(quarantine, '--quarantine')].map(placesOf);
  const folder = (path: string): string => (path.endsWith(sep) ? path : path + sep);
  const isWithin = (inner: string, outer: string): boolean => folder(inner).startsWith(folder(outer));
  const overlaps = result!.some((one) => kept!.some((other) => isWithin(one, other) || isWithin(other, one)));
  if (overlaps)
    throw usage(
      '--quarantine',
      quarantine,
      `name a folder beside --out ${outFolder}, not the same, nor one inside the other or its store.`,
    );
}

/** A path with the links of what is there of it resolved. */
function realPath(path: string, ...rest: string[]): string {
  try {
    return join(realpathSync(path), ...rest);
  } catch {
    return dirname(path) === path ? join(path, ...rest) : realPath(dirname(path), basename(path), ...rest);
  }
}
