import { closeSync, openSync, readSync } from 'node:fs';
import { type ByteSource, damagedError, isSkippableFrame, ZSTD_MAGIC } from './byte-stream.ts';

/** RFC 8878, section 3.1.1.2.4: the most that a block becomes. */
const MAX_BLOCK_BYTES = 128 * 1024;

/**
 * Follows the lengths in the headers of frames and blocks (RFC 8878, section 3.1) to the end of a zstd file: DuckDB
 * checks all but that. Returns the most bytes that it can unpack to, which only its blocks' number tells. Throws a
 * PlayfoldError (input).
 */
export function verifyZstdFrames(source: ByteSource): number {
  const fd = openSync(source.path, 'r');
  const header = Buffer.alloc(18);
  const read = (at: number, byteLength: number): Buffer => {
    if (readSync(fd, header, 0, byteLength, at) < byteLength) throw damagedError(source, 'it is cut short');
    return header;
  };
  try {
    let at = 0;
    let blocks = 0;
    while (readSync(fd, header, 0, 1, at) > 0) {
      const magic = read(at, 4).readUInt32LE();
      if (isSkippableFrame(magic)) at += 8 + read(at, 8).readUInt32LE(4);
      else if (magic === ZSTD_MAGIC) {
        const frame = followFrame(source, read, at);
        at = frame.end;
        blocks += frame.blocks;
      } else throw damagedError(source, 'a frame does not begin where it should');
    }
    if (at > 0) read(at - 1, 1);
    return blocks * MAX_BLOCK_BYTES;
  } finally {
    closeSync(fd);
  }
}

function followFrame(
  source: ByteSource,
  read: (at: number, byteLength: number) => Buffer,
  at: number,
): { readonly end: number; readonly blocks: number } {
  const descriptor = read(at, 5).readUInt8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  let next = at + 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes;
  let blocks = 0;
  for (let isLast = false; !isLast; blocks++) {
    const block = read(next, 3).readUIntLE(0, 3);
    const type = (block >> 1) & 3;
    if (type === 3) throw damagedError(source, 'a block is of no known type');
    isLast = (block & 1) === 1;
    // A run-length block has one byte, however long it becomes.
    next += 3 + (type === 1 ? 1 : block >> 3);
  }
  if ((descriptor & 4) !== 0) next += 4;
  read(next - 1, 1);
  return { end: next, blocks };
}
