import { open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Flushes a file, or the names in a folder, to the disk. Some network disks refuse to do so for folders. */
export async function syncPath(path: string, isFolder: boolean): Promise<void> {
  try {
    const file = await open(path, 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!isFolder || !['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR', 'EACCES'].includes(code)) throw error;
  }
}

/** Flushes a folder with all that is in it: files first, then each folder after those below it. */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) await syncPath(path, false);
  }
  await syncPath(folder, true);
}

/** Flushes the names in the folder that holds `path`. */
export async function syncName(path: string): Promise<void> {
  await syncPath(dirname(path), true);
}
