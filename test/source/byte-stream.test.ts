import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import {
  type Compression,
  compressionOf,
  readBytes,
  verifyZstdFrames,
} from '../../src/source/byte-stream.ts';
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

it('refuses a zstd file cut at any place but between two frames', () => {
  const frame = zstdFrame(text.subarray(0, 200), Buffer.alloc(4));
  const whole = Buffer.concat([frame, frame]);
  for (let length = 1; length <= whole.length; length++) {
    const check = () => verifyZstdFrames(source('cut.zst', whole.subarray(0, length), 'zstd'));
    if (length % frame.length === 0) expect(check).not.toThrow();
    else expect(check).toThrow(/cut.zst: the zstd data is damaged \(it is cut short\)/);
  }
});
