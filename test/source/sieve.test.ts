import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { StoppedError } from '../../src/progress-counters.ts';
import type { InputFile } from '../../src/source/formats.ts';
import { recognizeFile } from '../../src/source/formats.ts';
import { sieveFiles } from '../../src/source/sieve.ts';
import { temporaryFolder } from '../built-cli.ts';
import { zstdFrame } from '../written-events.ts';

const folder = temporaryFolder();

const csv = Buffer.from(`a,b\n${'1,2\n'.repeat(4e5)}broken\n`);
const ndjson = Buffer.from(`${'{"a":1}\n'.repeat(15e4)}{\n`);
const dialect = { delimiter: ',', quote: '"', escapeChar: '"', skipLines: 0, columns: ['a', 'b'] };

async function inputFile(name: string, bytes: Buffer): Promise<InputFile> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  const file = await recognizeFile(path, path);
  return file.format === 'csv' ? { ...file, dialect } : file;
}

it.each<[string, () => Buffer]>([
  ['plain.csv', () => csv],
  ['packed.csv.gz', () => gzipSync(csv, { level: 1 })],
  ['stored.csv.zst', () => zstdFrame(csv)],
  ['plain.ndjson', () => ndjson],
  ['packed.ndjson.gz', () => gzipSync(ndjson, { level: 1 })],
])(
  'the look through %s and the copy of its good lines end as soon as they are to stop',
  async (name, bytes) => {
    const file = await inputFile(name, bytes());
    let calls = 0;
    const stopAt = (most: number) => () => {
      if (++calls === most) throw new StoppedError();
    };
    const sieve = (most: number) => {
      calls = 0;
      return sieveFiles([file], join(folder, 'copy'), null, stopAt(most));
    };
    await expect(sieve(2)).rejects.toThrow(StoppedError);
    expect(calls).toBe(2);
    expect((await sieve(Number.POSITIVE_INFINITY)).refused).toBe(1);
    // Half of the calls are of the look, half of the copy.
    const inCopy = calls / 2 + 2;
    await expect(sieve(inCopy)).rejects.toThrow(StoppedError);
    expect(calls).toBe(inCopy);
  },
);
