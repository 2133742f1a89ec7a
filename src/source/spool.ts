import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { EXIT, PlayfoldError } from '../errors.ts';

/**
 * Copies what can be read only once, `-` or a pipe, to the file `path`, and gives it back. Throws a PlayfoldError:
 * usage where nobody writes to standard input, disk where the copy has no room.
 */
export async function spool(input: string, path: string): Promise<string> {
  if (input === '-' && process.stdin.isTTY)
    throw new PlayfoldError(
      '-: standard input is a terminal; pipe events into it, or name a file.',
      EXIT.usage,
    );
  try {
    await pipeline(input === '-' ? process.stdin : createReadStream(input), createWriteStream(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PlayfoldError(
      `${input}: cannot be copied to ${path} (${code}); free space, or set TMPDIR to a larger disk.`,
      code === 'EACCES' || code === 'EIO' ? EXIT.input : EXIT.disk,
    );
  }
  return path;
}
