import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { EXIT, PlayfoldError } from '../errors.ts';
import { STORE_NAME } from '../store-name.ts';

/** Names that readers of data lakes leave out. */
export const isHidden = (name: string): boolean => name.startsWith('_') || name.startsWith('.');

/** Whether a path below `root` is of a result that playfold keeps there: `watch` is a link to a version in it. */
export const isInStore = (root: string, path: string): boolean =>
  relative(root, path)
    .split(sep)
    .some((name) => STORE_NAME.test(name));

/**
 * The files below a folder that `isData` names, to the bottom. Links are followed as long as they stay in the
 * folder, each folder once; hidden names, results of playfold and what is no file (a pipe, a device) are left out. Throws a PlayfoldError
 * (input) for a folder that cannot be read and for a link that leads out of the folder or nowhere.
 */
export async function filesBelow(folder: string, isData: (name: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  const root = await realpath(folder);
  const seen = new Set<string>();
  const visit = async (path: string): Promise<void> => {
    const real = await realpath(path);
    if (seen.has(real)) return;
    seen.add(real);
    for (const entry of await readFolder(path)) {
      if (isHidden(entry.name)) continue;
      const below = join(path, entry.name);
      if (entry.isSymbolicLink() && isData(entry.name)) await resolveInside(root, below);
      const stats = entry.isSymbolicLink() ? await stat(below).catch(() => null) : entry;
      if (stats?.isDirectory()) {
        if (!isInStore(root, await resolveInside(root, below))) await visit(below);
      } else if (stats?.isFile() && isData(entry.name)) found.push(below);
    }
  };
  await visit(folder);
  return found;
}

/** Where a path leads, with all links resolved. Throws a PlayfoldError (input) where that is outside of `root`. */
export async function resolveInside(root: string, path: string): Promise<string> {
  const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    const said =
      error.code === 'ENOENT' ? 'this link leads to nothing' : `cannot be followed (${error.code})`;
    throw new PlayfoldError(`${path}: ${said}; mend or remove it.`, EXIT.input);
  });
  if (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)) return real;
  throw new PlayfoldError(
    `${path}: this link leads out of the folder, to ${real}; name that as an input itself, or remove the link.`,
    EXIT.input,
  );
}

async function readFolder(path: string) {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PlayfoldError(`${path}: cannot be read (${code}); check its permissions.`, EXIT.input);
  }
}
