import { link, mkdir, readFile, rmdir, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, PlayfoldError, translateDiskError } from '../errors.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** What a lock file says about who holds it. */
export interface LockHolder extends ProcessIdentity {
  /** The version that the run writes. */
  readonly id: string;
  /** ISO-8601, UTC. */
  readonly since: string;
  /** Where the run keeps intermediate data: a run that died cannot remove it. */
  readonly tempFolder: string;
}

interface LockFile {
  readonly path: string;
  readonly holder: LockHolder;
  readonly isStale: boolean;
}

const LOCK = 'lock';
const BEAT_EVERY_MS = 15_000;
/** Only where the process cannot be seen, because it runs on another host or in another container. */
const SILENT_FOR_MS = 120_000;
const NO_HARD_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);

/**
 * A lock on a store, held by one run at a time. A lock file appears whole, by a hard link. The lock of a run that
 * died is not removed but succeeded: `lock.ID` succeeds the lock with that id, and only one process can link it.
 * The last of this chain holds the lock.
 */
export class Lock {
  /** Locks of runs that died, which this one succeeded. */
  readonly succeeded: readonly LockHolder[];
  private readonly store: string;
  private readonly id: string;
  /** The chain: the first lock, its successors, and this one at the end. */
  private readonly paths: readonly string[];
  private readonly timer: NodeJS.Timeout;

  private constructor(store: string, id: string, stale: readonly LockFile[], path: string) {
    this.store = store;
    this.id = id;
    this.succeeded = stale.map(({ holder }) => holder);
    this.paths = [...stale.map((file) => file.path), path];
    this.timer = setInterval(() => {
      const now = new Date();
      utimes(path, now, now).catch(() => undefined);
    }, BEAT_EVERY_MS).unref();
  }

  /** Throws a PlayfoldError (locked) that names who holds it. `name` is what the user calls the target. */
  static async acquire(store: string, id: string, tempFolder: string, name: string): Promise<Lock> {
    const holder: LockHolder = { id, ...ownIdentity(), since: new Date().toISOString(), tempFolder };
    const candidate = join(store, `candidate.${id}`);
    try {
      for (;;) {
        await mkdir(store, { recursive: true });
        const found = await readChain(store);
        const last = found.at(-1);
        if (last !== undefined && !last.isStale) throw lockedBy(last.holder, name);
        const path = last === undefined ? join(store, LOCK) : successorOf(store, last.holder);
        if (!(await place(candidate, path, holder))) continue;
        // While this was linked, the run at the end of the chain may have ended and removed the chain from its start.
        const [first] = await readChain(store);
        if (first?.holder.id === (found[0]?.holder.id ?? id)) return new Lock(store, id, found, path);
        await removeFile(path);
      }
    } catch (error) {
      await rmdir(store).catch(() => undefined);
      throw translateDiskError(error, store);
    }
  }

  /** Whether a file in the store belongs to this lock. */
  owns(path: string): boolean {
    return this.paths.includes(path);
  }

  /** Throws a PlayfoldError (locked) where another run took the lock, because this one was silent for too long. */
  async assertHeld(): Promise<void> {
    if (await this.isHeld()) return;
    throw new PlayfoldError(
      `${this.store}: this run was taken for dead and its lock was taken over; nothing was published. Run it again.`,
      EXIT.locked,
    );
  }

  private async isHeld(): Promise<boolean> {
    return (await readChain(this.store)).at(-1)?.holder.id === this.id;
  }

  async release(): Promise<void> {
    clearInterval(this.timer);
    // Of a lock that was taken over, the chain belongs to its successor.
    if (!(await this.isHeld())) return;
    // From the start of the chain: once it has no start, no successor counts.
    for (const path of this.paths) await removeFile(path);
    await rmdir(this.store).catch(() => undefined);
  }
}

const successorOf = (store: string, { id }: LockHolder): string => join(store, `${LOCK}.${id}`);

/** The lock and its successors; all but the last are stale. */
async function readChain(store: string): Promise<LockFile[]> {
  const chain: LockFile[] = [];
  for (let path = join(store, LOCK); ; path = successorOf(store, chain.at(-1)!.holder)) {
    const file = await readLockFile(path);
    if (file === null) return chain;
    chain.push(file);
    if (!file.isStale) return chain;
  }
}

async function readLockFile(path: string): Promise<LockFile | null> {
  try {
    const [text, { mtimeMs, ino }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    const isSilent = Date.now() - mtimeMs > SILENT_FOR_MS;
    const holder = parseHolder(text);
    // Half a lock: where there are no hard links, or damaged. Its time alone tells.
    if (holder === null)
      return { path, holder: unknownHolder(`unreadable-${ino}`, mtimeMs), isStale: isSilent };
    const alive = isAlive(holder);
    return { path, holder, isStale: alive === undefined ? isSilent : !alive };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parseHolder(text: string): LockHolder | null {
  try {
    const holder = JSON.parse(text) as Partial<LockHolder> | null;
    const isWhole = typeof holder?.id === 'string' && /^[\w-]+$/.test(holder.id) && Number(holder.pid) > 0;
    return isWhole ? (holder as LockHolder) : null;
  } catch {
    return null;
  }
}

function unknownHolder(id: string, mtimeMs: number): LockHolder {
  const since = new Date(mtimeMs).toISOString();
  return { id, pid: 0, host: 'unknown', pidSpace: '', startTicks: null, since, tempFolder: '' };
}

/** False where the place is taken, or the store went away meanwhile. */
async function place(candidate: string, path: string, holder: LockHolder): Promise<boolean> {
  const text = `${JSON.stringify(holder)}\n`;
  try {
    await writeFile(candidate, text);
    await link(candidate, path);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    if (!NO_HARD_LINKS.has(code)) throw error;
    return await createFile(path, text);
  } finally {
    await removeFile(candidate);
  }
}

async function createFile(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

function lockedBy({ pid, host, since }: LockHolder, name: string): PlayfoldError {
  return new PlayfoldError(
    `${name}: another run is writing it (process ${pid} on ${host}, since ${since}); ` +
      'run again when it has ended, or name another folder.',
    EXIT.locked,
  );
}
