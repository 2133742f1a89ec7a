import { closeSync, createReadStream, openSync, type ReadStream, readSync, statSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { EXIT, PlayfoldError } from '../errors.ts';
import { NEVER_STOPPED, type StopCheck, StoppedError } from '../progress-counters.ts';
import { UNPACK_LIMIT, type UnpackLimit, unpacksTooFar } from './unpack-limit.ts';

export type Compression = 'gzip' | 'zstd';

/** What is needed to read a file's bytes: `name` is how messages call it. */
export interface ByteSource {
  readonly path: string;
  readonly name: string;
  readonly compression: Compression | null;
}

const CHUNK_BYTES = 1 << 20;
/** Of zstd, which may become 32,000 times as much: between two chunks the process can be told to stop. */
const ZSTD_CHUNK_BYTES = 1 << 16;
const ZSTD_PIECE_BYTES = 1 << 12;

export const ZSTD_MAGIC = 0xfd2fb528;
/** Frames that hold no data. */
export const isSkippableFrame = (magic: number): boolean => magic >>> 4 === 0x184d2a5;

/** Tells a compression by a file's first bytes, whatever its name. */
export function compressionOf(head: Buffer): Compression | null {
  if (head.length >= 2 && head.readUInt16BE() === 0x1f8b) return 'gzip';
  if (head.length >= 4 && (head.readUInt32LE() === ZSTD_MAGIC || isSkippableFrame(head.readUInt32LE())))
    return 'zstd';
  return null;
}

/**
 * The bytes of a file, decompressed, in chunks that the reader may keep. Throws a PlayfoldError (input) where the
 * compressed data is damaged (a gzip member's CRC and length are checked) or unpacks beyond `limit`, and whatever
 * `check`, called before each chunk, throws.
 */
export async function* readBytes(
  source: ByteSource,
  check: StopCheck = NEVER_STOPPED,
  limit: UnpackLimit = UNPACK_LIMIT,
): AsyncGenerator<Buffer> {
  const { path, compression } = source;
  const highWaterMark = compression === 'zstd' ? ZSTD_CHUNK_BYTES : CHUNK_BYTES;
  const file = createReadStream(path, { highWaterMark });
  let unpackedBytes = 0;
  const count = (chunk: Uint8Array): void => {
    check();
    unpackedBytes += chunk.length;
    if (
      compression !== null &&
      unpackedBytes > limit.freeBytes &&
      unpackedBytes > limit.ratio * file.bytesRead
    )
      throw unpacksTooFar(source.name, compression, unpackedBytes, file.bytesRead);
  };
  try {
    if (compression === 'zstd') yield* decompressZstd(file, count);
    else
      for await (const chunk of (compression === 'gzip' ? unzip(file) : file) as AsyncIterable<Buffer>) {
        count(chunk);
        yield chunk;
      }
    if (compression === 'gzip') await refuseStrayByte(path, check);
  } catch (error) {
    throw damaged(source, error);
  } finally {
    file.destroy();
  }
}

function unzip(file: ReadStream): AsyncIterable<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  file.on('error', (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}

/**
 * zlib takes the first byte of a member, alone at the end, for no member at all. Where the file's last byte is such a
 * one, the file is whole without it only if it was cut there. Throws as zlib does for other cuts.
 */
async function refuseStrayByte(path: string, check: StopCheck): Promise<void> {
  const byteLength = statSync(path).size;
  const last = Buffer.alloc(1);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, last, 0, 1, byteLength - 1);
  } finally {
    closeSync(fd);
  }
  if (last[0] !== 0x1f) return;
  const isWhole = await (async () => {
    try {
      for await (const _ of unzip(createReadStream(path, { end: byteLength - 2 }))) check();
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') return false;
      throw error;
    }
  })();
  if (isWhole) throw new Error('unexpected end of file');
}

/** Node 20 has no zstd of its own. `count` may throw as soon as a block is unpacked. */
async function* decompressZstd(
  file: AsyncIterable<Buffer>,
  count: (chunk: Uint8Array) => void,
): AsyncGenerator<Buffer> {
  let ready: Buffer[] = [];
  const stream = new Decompress((chunk) => {
    count(chunk);
    ready.push(Buffer.from(chunk));
  });
  for await (const chunk of file)
    for (let at = 0; at < chunk.length; at += ZSTD_PIECE_BYTES) {
      stream.push(chunk.subarray(at, at + ZSTD_PIECE_BYTES));
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
export async function verifyGzip(source: ByteSource, check?: StopCheck): Promise<void> {
  if (source.compression !== 'gzip') return;
  for await (const _ of readBytes(source, check));
}

function damaged(source: ByteSource, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof PlayfoldError || error instanceof StoppedError)
    return error;
  const { code } = error as NodeJS.ErrnoException;
  if (source.compression === null || ['EACCES', 'EIO', 'EISDIR', 'ENOENT'].includes(String(code)))
    return new PlayfoldError(`${source.name}: cannot be read (${code ?? error.message}).`, EXIT.input);
  const said = /unexpected (end|EOF)/i.test(error.message) ? 'it is cut short' : error.message;
  return damagedError(source, said);
}

/** Compressed data that is not what was written. */
export function damagedError({ name, compression }: ByteSource, said: string): PlayfoldError {
  return new PlayfoldError(
    `${name}: the ${compression} data is damaged (${said}), so rows would be missing; fetch the file again.`,
    EXIT.input,
  );
}
