import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { EXIT, PlayfoldError } from '../errors.ts';

export type Compression = 'gzip' | 'zstd';

/** What is needed to read a file's bytes: `name` is how messages call it. */
export interface ByteSource {
  readonly path: string;
  readonly name: string;
  readonly compression: Compression | null;
}

const CHUNK_BYTES = 1 << 20;
const ZSTD_MAGIC = 0xfd2fb528;

/** Tells a compression by a file's first bytes, whatever its name. */
export function compressionOf(head: Buffer): Compression | null {
  if (head.length >= 2 && head.readUInt16BE() === 0x1f8b) return 'gzip';
  if (head.length >= 4 && (head.readUInt32LE() === ZSTD_MAGIC || isSkippable(head.readUInt32LE())))
    return 'zstd';
  return null;
}

/**
 * The bytes of a file, decompressed, in chunks that the reader may keep. Throws a PlayfoldError (input) where the
 * compressed data is damaged: a gzip member's CRC and length are checked.
 */
export async function* readBytes(source: ByteSource): AsyncGenerator<Buffer> {
  const file = createReadStream(source.path, { highWaterMark: CHUNK_BYTES });
  try {
    if (source.compression === 'gzip') {
      const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
      file.on('error', (error) => gunzip.destroy(error));
      yield* file.pipe(gunzip) as AsyncIterable<Buffer>;
    } else if (source.compression === 'zstd') yield* decompressZstd(file);
    else yield* file as AsyncIterable<Buffer>;
  } catch (error) {
    throw damaged(source, error);
  } finally {
    file.destroy();
  }
}

/** Node 20 has no zstd of its own. */
async function* decompressZstd(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let ready: Buffer[] = [];
  const stream = new Decompress((chunk) => {
    ready.push(Buffer.from(chunk));
  });
  for await (const chunk of file) {
    stream.push(chunk);
    yield* ready;
    ready = [];
  }
}

/** The first bytes of a file, decompressed; fewer than `byteLength` where it is shorter. */
export async function readHead(source: ByteSource, byteLength: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of readBytes(source)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= byteLength) break;
  }
  return Buffer.concat(chunks).subarray(0, byteLength);
}

/**
 * Reads a gzip file to its end: DuckDB ignores its trailer, and takes one cut short for a shorter file. Throws a
 * PlayfoldError (input).
 */
export async function verifyGzip(source: ByteSource): Promise<void> {
  if (source.compression !== 'gzip') return;
  for await (const _ of readBytes(source));
}

function damaged(source: ByteSource, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (source.compression === null || ['EACCES', 'EIO', 'EISDIR', 'ENOENT'].includes(String(code)))
    return new PlayfoldError(`${source.name}: cannot be read (${code ?? error.message}).`, EXIT.input);
  const said = /unexpected (end|EOF)/i.test(error.message) ? 'it is cut short' : error.message;
  return damagedError(source, said);
}

function damagedError({ name, compression }: ByteSource, said: string): PlayfoldError {
  return new PlayfoldError(
    `${name}: the ${compression} data is damaged (${said}), so rows would be missing; fetch the file again.`,
    EXIT.input,
  );
}

const isSkippable = (magic: number): boolean => magic >>> 4 === 0x184d2a5;

/**
 * Follows the lengths in the headers of frames and blocks (RFC 8878, section 3.1) to the end of a zstd file: DuckDB
 * checks all but that. Throws a PlayfoldError (input).
 */
export function verifyZstdFrames(source: ByteSource): void {
  const fd = openSync(source.path, 'r');
  const header = Buffer.alloc(18);
  const read = (at: number, byteLength: number): Buffer => {
    if (readSync(fd, header, 0, byteLength, at) < byteLength) throw damagedError(source, 'it is cut short');
    return header;
  };
  try {
    let at = 0;
    while (readSync(fd, header, 0, 1, at) > 0) {
      const magic = read(at, 4).readUInt32LE();
      if (isSkippable(magic)) at += 8 + read(at, 8).readUInt32LE(4);
      else if (magic === ZSTD_MAGIC) at = endOfFrame(source, read, at);
      else throw damagedError(source, 'a frame does not begin where it should');
    }
    if (at > 0) read(at - 1, 1);
  } finally {
    closeSync(fd);
  }
}

function endOfFrame(
  source: ByteSource,
  read: (at: number, byteLength: number) => Buffer,
  at: number,
): number {
  const descriptor = read(at, 5).readUInt8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  let next = at + 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes;
  for (let isLast = false; !isLast; ) {
    const block = read(next, 3).readUIntLE(0, 3);
    const type = (block >> 1) & 3;
    if (type === 3) throw damagedError(source, 'a block is of no known type');
    isLast = (block & 1) === 1;
    // A run-length block has one byte, however long it becomes.
    next += 3 + (type === 1 ? 1 : block >> 3);
  }
  if ((descriptor & 4) !== 0) next += 4;
  read(next - 1, 1);
  return next;
}
