import { EXIT, PlayfoldError } from '../errors.ts';

/** How far a file may unpack: beyond `freeBytes`, at most to `ratio` times its own bytes. */
export interface UnpackLimit {
  readonly freeBytes: number;
  readonly ratio: number;
}

/** Text of events unpacks to 5 to 50 times its size, a gzip bomb to 1,030 times, one of zstd to 32,000. */
export const UNPACK_LIMIT: UnpackLimit = { freeBytes: 1e9, ratio: 1000 };

/** What to tell of a file that unpacks beyond the limit, so many bytes of it. */
export function unpacksTooFar(
  name: string,
  compression: string,
  unpackedBytes: number,
  packedBytes: number,
): PlayfoldError {
  const count = new Intl.NumberFormat('en-US');
  const ratio = count.format(Math.floor(unpackedBytes / Math.max(1, packedBytes)));
  return new PlayfoldError(
    `${name}: its ${compression} data unpacks to ${count.format(unpackedBytes)} bytes or more, ${ratio} times its size, as no events ` +
      `do (at most ${count.format(UNPACK_LIMIT.ratio)} times beyond 1 GB); leave it out, or unpack it yourself and name the file that comes of it.`,
    EXIT.input,
  );
}
