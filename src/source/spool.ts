import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { EXIT, PlayfoldError, translateDiskError } from '../errors.ts';

/**
 * Copies what can be read only once, `-` or a pipe, to the file `path`, and gives it back. Throws a PlayfoldError:
 * usage where nobody writes to standard input, disk where the copy has no room. Rejects with the signal's reason when
 * it fires.
 */
export async function spool(input: string, path: string, signal?: AbortSignal): Promise<string> {
  if (input === '-' && process.stdin.isTTY)
    throw new PlayfoldError(
      '-: standard input is a terminal; pipe events into it, or name a file.',
      EXIT.usage,
    );
  try {
    const from = input === '-' ? process.stdin : createReadStream(input);
    await pipeline(from, createWriteStream(path), { ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw translateDiskError(error, path);
    throw new PlayfoldError(
      `${input}: cannot be copied to ${path} (${code}); check it, or set TMPDIR to another disk.`,
      code === 'EACCES' || code === 'EIO' ? EXIT.input : EXIT.disk,
    );
  }
  return path;
}
