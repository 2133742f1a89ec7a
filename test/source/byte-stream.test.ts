import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Compression, compressionOf, readBytes } from '../../src/source/byte-stream.ts';
import { verifyZstdFrames } from '../../src/source/zstd-frames.ts';
import { temporaryFolder } from '../built-cli.ts';
import { zstdFrame } from '../written-events.ts';

const folder = temporaryFolder();
const text = Buffer.from(Array.from({ length: 30_000 }, (_, i) => `line ${i}\n`).join(''));

function source(name: string, content: Buffer, compression: Compression | null) {
  const path = join(folder, name);
  writeFileSync(path, content);
  return { path, name, compression };
}

async function readAll(from: Parameters<typeof readBytes>[0]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readBytes(from)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

it('reads the same bytes, packed or not, in one member or frame or several', async () => {
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const files = [
    source('plain', text, null),
    source('gzip', gzipSync(text), 'gzip'),
    source(
      'members',
      Buffer.concat([gzipSync(text.subarray(0, 70_000)), gzipSync(text.subarray(70_000))]),
      'gzip',
    ),
    source('zstd', zstdFrame(text), 'zstd'),
    source(
      'frames',
      Buffer.concat([zstdFrame(text.subarray(0, 70_000)), skippable, zstdFrame(text.subarray(70_000))]),
      'zstd',
    ),
  ];
  for (const file of files)
    expect([file.name, (await readAll(file)).equals(text)]).toEqual([file.name, true]);
});

it('knows a compression by the first bytes', () => {
  expect(compressionOf(gzipSync(text))).toBe('gzip');
  expect(compressionOf(zstdFrame(text))).toBe('zstd');
  expect([text, Buffer.alloc(0), Buffer.from([0x1f]), Buffer.from('PAR1')].map(compressionOf)).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

it('refuses a gzip file of two members cut at any place but between them', async () => {
  const member = gzipSync(text.subarray(0, 100));
  const whole = Buffer.concat([member, member]);
  for (let length = 1; length <= whole.length; length++) {
    const read = readAll(source('cut.gz', whole.subarray(0, length), 'gzip'));
    if (length % member.length === 0) await read;
    else await expect(read, `${length} bytes`).rejects.toThrow(/cut.gz: the gzip data is damaged/);
  }
});

describe('a file that unpacks too far', () => {
  const limit = { freeBytes: 1e6, ratio: 100 };
  const zeros = Buffer.alloc(20e6);
  // Blocks of one byte that becomes 128 KiB.
  const repeats = Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]),
    ...Array.from({ length: 300 }, (_, i) => Buffer.from([(i === 299 ? 1 : 0) | 2, 0, 0x10, 65])),
  ]);
  const drain = async (name: string, bytes: Buffer, compression: Compression | null, most = limit) => {
    let length = 0;
    for await (const chunk of readBytes(source(name, bytes, compression), undefined, most))
      length += chunk.length;
    return length;
  };

  it.each<[string, Buffer, Compression]>([
    ['zeros.gz', gzipSync(zeros), 'gzip'],
    ['repeats.zst', repeats, 'zstd'],
  ])('is refused as soon as that is seen: %s', async (name, bytes, compression) => {
    await expect(drain(name, bytes, compression)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(
        /^(zeros.gz: its gzip|repeats.zst: its zstd) data unpacks to [\d,]+ bytes or more, [\d,]+ times its size, .* leave it out, or unpack it/,
      ),
    });
  });

  it('may do so up to a size, and be read where it keeps to the ratio', async () => {
    expect(await drain('zeros.gz', gzipSync(zeros), 'gzip', { freeBytes: 20e6, ratio: 100 })).toBe(20e6);
    expect(await drain('zeros.gz', gzipSync(zeros), 'gzip', { freeBytes: 1e6, ratio: 1100 })).toBe(20e6);
    expect(await drain('repeats.zst', repeats, 'zstd', { freeBytes: 40e6, ratio: 1 })).toBe(300 * 131_072);
    expect(await drain('zeros', zeros, null, { freeBytes: 1, ratio: 0.1 })).toBe(20e6);
  });

  it('is seen by the number of its blocks in zstd', () => {
    expect(verifyZstdFrames(source('repeats.zst', repeats, 'zstd'))).toBe(300 * 131_072);
  });
});

it('refuses a zstd file cut at any place but between two frames', () => {
  const frame = zstdFrame(text.subarray(0, 200), Buffer.alloc(4));
  const whole = Buffer.concat([frame, frame]);
  for (let length = 1; length <= whole.length; length++) {
    const check = () => verifyZstdFrames(source('cut.zst', whole.subarray(0, length), 'zstd'));
    if (length % frame.length === 0) expect(check).not.toThrow();
    else expect(check).toThrow(/cut.zst: the zstd data is damaged \(it is cut short\)/);
  }
});
