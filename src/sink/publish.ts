import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join, relative } from 'node:path';
import { EXIT, PlayfoldError, translateDiskError } from '../errors.ts';
import { syncName, syncTree } from './durable-files.ts';
import { Lock, type LockHolder } from './lock.ts';
import { readManifest } from './manifest.ts';
import { findTarget, publishedFolder, publishedVersion, type Target } from './target.ts';
import { checkTarget } from './target-checks.ts';

const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL']);
/** A plain folder that a version took the place of. */
const EARLIER = 'earlier-';

/**
 * A version in the making: a folder of the target's store, to be filled with anything. It holds the target's lock
 * from `create` to `discard`. Versions lie beside each other on one disk, so that a file which did not change may
 * be hard-linked from the published one.
 */
export class Staging {
  /** Names the version; no two runs have the same. */
  readonly id: string;
  readonly folder: string;
  /** For intermediate data, below the system's temporary folder: removed by `discard`, or by the next run. */
  readonly tempFolder: string;
  /** What readers see while this version is made: its tables, manifest and state; null before the first. */
  readonly published: string | null;
  /** The name in the store of what this version replaces, or will get; it is kept until the next `publish`. */
  readonly replaces: string | null;
  /** Locks of runs that died here. */
  readonly succeeded: readonly LockHolder[];
  private readonly target: Target;
  private readonly lock: Lock;

  private constructor(id: string, target: Target, lock: Lock, tempFolder: string) {
    this.id = id;
    this.target = target;
    this.lock = lock;
    this.tempFolder = tempFolder;
    this.succeeded = lock.succeeded;
    this.folder = join(target.store, id);
    this.published = publishedFolder(target);
    this.replaces = publishedVersion(target) ?? (this.published === null ? null : `${EARLIER}${id}`);
  }

  /**
   * Locks the target, removes what runs that died left there, and makes the folder. Throws a PlayfoldError: usage
   * for a target that is not ours to replace, locked while another run writes it, disk.
   */
  static async create(outFolder: string, option = '--out'): Promise<Staging> {
    checkTarget(outFolder, option);
    const target = findTarget(outFolder, option);
    const id = `${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(4).toString('hex')}`;
    const tempFolder = join(tmpdir(), `playfold-${id}`);
    const lock = await Lock.acquire(target.store, id, tempFolder, outFolder);
    try {
      await restore(target);
      await removeLeftovers(target, lock);
      const staging = new Staging(id, target, lock, tempFolder);
      await makeTempFolder(tempFolder);
      await mkdir(staging.folder);
      return staging;
    } catch (error) {
      await rm(tempFolder, { recursive: true, force: true });
      await lock.release();
      throw translateDiskError(error, target.store);
    }
  }

  /**
   * Gives every table file a name that no other version has: a reader that listed one version never opens a file
   * of another by its name. What starts with `_` or `.` is not the reader's, and keeps its name.
   */
  async stampNames(below = this.folder): Promise<void> {
    const stamp = this.id.slice(-8);
    for (const entry of await readdir(below, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const isHidden = relative(this.folder, path).split(/[\\/]/).some(isHiddenName);
      if (!entry.isFile() || isHidden) continue;
      const ending = extname(entry.name);
      await rename(path, join(entry.parentPath, `${basename(entry.name, ending)}-${stamp}${ending}`));
    }
  }

  /**
   * Makes the folder what readers see, in one step, once all of it is on the disk. `beforeStep` may still throw to
   * stop it. Throws a PlayfoldError (disk, locked); then readers see what they saw before.
   */
  async publish(beforeStep: () => void = () => undefined): Promise<void> {
    try {
      await syncTree(this.folder);
      await syncName(this.folder);
      await this.lock.assertHeld();
      beforeStep();
      await this.show();
      await syncName(this.target.link);
    } catch (error) {
      throw translateDiskError(error, this.target.link);
    }
    // What cannot be removed now is removed by the next run: this one is done.
    await removeLeftovers(this.target, this.lock).catch(() => undefined);
  }

  /** Removes what was staged and not published, and the intermediate data; lets go of the lock. */
  async discard(): Promise<void> {
    if (publishedVersion(this.target) !== this.id) await rm(this.folder, { recursive: true, force: true });
    await rm(this.tempFolder, { recursive: true, force: true });
    await this.lock.release();
  }

  /** Moves a link over the link: one rename, which POSIX makes atomic. */
  private async show(): Promise<void> {
    const { link, store } = this.target;
    const next = join(store, `next.${this.id}`);
    const isLinked = await makeLink(join(basename(store), this.id), next);
    const plain = lstatSync(link, { throwIfNoEntry: false })?.isDirectory() === true;
    const earlier = join(store, `${EARLIER}${this.id}`);
    if (plain && readdirSync(link).length === 0) await rmdir(link);
    else if (plain) await rename(link, earlier);
    try {
      await rename(isLinked ? next : this.folder, link);
    } catch (error) {
      if (plain && existsSync(earlier)) await rename(earlier, link);
      await rm(next, { force: true });
      throw error;
    }
  }
}

const isHiddenName = (name: string): boolean => name.startsWith('_') || name.startsWith('.');

/** False on a disk that has no symbolic links. */
async function makeLink(to: string, path: string): Promise<boolean> {
  try {
    await symlink(to, path, 'dir');
    return true;
  } catch (error) {
    if (NO_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** Puts a plain folder back whose run died between moving it away and putting a link in its place. */
async function restore({ link, store }: Target): Promise<void> {
  if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) return;
  const earlier = (await readdir(store)).filter((name) => name.startsWith(EARLIER)).sort();
  if (earlier.length > 0) await rename(join(store, earlier.at(-1)!), link);
}

/** Keeps the published version, the one it replaced and the lock; removes all else, and what dead runs spilled. */
async function removeLeftovers(target: Target, lock: Lock): Promise<void> {
  const folder = publishedFolder(target);
  const manifest = folder === null ? null : await readManifest(folder).catch(() => null);
  const kept = new Set([publishedVersion(target), manifest?.replaces ?? null]);
  for (const name of await readdir(target.store)) {
    const path = join(target.store, name);
    if (!kept.has(name) && !lock.owns(path)) await rm(path, { recursive: true, force: true });
  }
  for (const { id, tempFolder } of lock.succeeded) {
    // A lock file is data: only a folder of that run's own name is removed.
    if (basename(tempFolder) === `playfold-${id}`) await rm(tempFolder, { recursive: true, force: true });
  }
}

async function makeTempFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC') throw error;
    throw new PlayfoldError(
      `${tmpdir()}: no temporary folder can be made there (${code}); set TMPDIR to a folder that can be written.`,
      EXIT.disk,
    );
  }
}
