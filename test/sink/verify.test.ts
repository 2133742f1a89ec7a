import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runPipeline } from '../../dist/pipeline.js';
import { resolveOptions } from '../../dist/run-options.js';
import { scenarioLines } from '../../src/sample/sample-data.ts';
import { verifyResult } from '../../src/sink/verify.ts';
import { playfold, temporaryFolder, writeText } from '../built-cli.ts';

const folder = temporaryFolder();
const whole = join(folder, 'watch');
let copies = 0;

beforeAll(async () => {
  const inputs = [writeText(join(folder, 'events.ndjson'), scenarioLines())];
  await runPipeline(resolveOptions({ inputs, out: whole, threads: 1 }));
});

/** A copy of the whole result, as a plain folder, with something done to it. */
function damaged(damage: (copy: string, tables: readonly string[]) => void): string {
  const copy = join(folder, `copy-${++copies}`);
  cpSync(whole, copy, { recursive: true, dereference: true });
  const names = readdirSync(copy, { recursive: true, encoding: 'utf8' });
  damage(copy, names.filter((name) => name.endsWith('.parquet')).sort());
  return copy;
}

const editManifest = (copy: string, edit: (text: string) => string): void => {
  const path = join(copy, '_run.json');
  writeFileSync(path, edit(readFileSync(path, 'utf8')));
};

describe('verify', () => {
  it('finds nothing wrong with what was written, nor with hidden files that are no data', async () => {
    expect((await verifyResult(whole)).differences).toEqual([]);
    const copy = damaged((at) => writeText(join(at, '.DS_Store'), ''));
    expect(await verifyResult(copy)).toMatchObject({ differences: [], rows: 34 });
  });

  it.each<[string, (copy: string, tables: readonly string[]) => void, RegExp, RegExp]>([
    [
      'a file cut short',
      (at, [table]) => truncateSync(join(at, table!), 100),
      /data_0/,
      /has 100 bytes; \d+ were/,
    ],
    ['a file gone', (at, [table]) => rmSync(join(at, table!)), /data_0/, /is missing/],
    [
      'a folder for a file',
      (at, [table]) => {
        rmSync(join(at, table!));
        mkdirSync(join(at, table!));
      },
      /data_0/,
      /is missing/,
    ],
    [
      'a byte changed',
      (at, [table]) => {
        const bytes = readFileSync(join(at, table!));
        bytes[50]! ^= 4;
        writeFileSync(join(at, table!), bytes);
      },
      /data_0/,
      /its SHA-256 does not match/,
    ],
    [
      'two files swapped',
      (at, [one, two]) => {
        const bytes = readFileSync(join(at, one!));
        cpSync(join(at, two!), join(at, one!));
        writeFileSync(join(at, two!), bytes);
      },
      /data_0/,
      /bytes; \d+ were|SHA-256/,
    ],
    [
      'a file too many',
      (at) => writeText(join(at, 'engagement', 'more.csv'), ''),
      /more.csv/,
      /is not listed/,
    ],
    [
      'a hidden Parquet file, which DuckDB reads',
      (at, [table]) => cpSync(join(at, table!), join(at, '_old', 'x.parquet')),
      /_old.x.parquet/,
      /is not listed/,
    ],
    [
      'a link to a file',
      (at, [table]) => symlinkSync(join(at, table!), join(at, 'engagement', 'link.parquet')),
      /link.parquet/,
      /is not listed/,
    ],
    [
      'a figure of the manifest',
      (at) => editManifest(at, (text) => text.replace('"kept": ', '"kept": 1')),
      /_run.json/,
      /digest does not match/,
    ],
    [
      'a space of the manifest',
      (at) => editManifest(at, (text) => text.replace('  ', '   ')),
      /_run.json/,
      /digest does not match/,
    ],
    [
      'a row count of the manifest',
      (at) =>
        editManifest(at, (text) => text.replace(/"rows": (\d+),\n\s+"bytes"/, '"rows": 999,\n      "bytes"')),
      /data_0/,
      /has \d+ rows; 999 are listed/,
    ],
    [
      'a path that leads out',
      (at) => editManifest(at, (text) => text.replace(/"path": "engagement/, '"path": "../x')),
      /_run.json/,
      /list of files is damaged/,
    ],
  ])('finds %s', async (_, damage, path, problem) => {
    const { differences } = await verifyResult(damaged(damage));
    expect(differences).toContainEqual({
      path: expect.stringMatching(path),
      problem: expect.stringMatching(problem),
    });
  });

  it('ends with 0, with 3 for a difference, and with 4 where there is no result', () => {
    expect(playfold(['verify', whole])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/as written: 4 files.* 34 rows/),
    });
    const copy = damaged((at, [table]) => rmSync(join(at, table!)));
    const found = playfold(['verify', copy, '--json']);
    expect(found).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/: 1 difference from what was written; do not use it/),
    });
    expect(JSON.parse(found.stdout).differences).toHaveLength(1);
    expect(playfold(['verify', folder])).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/no _run.json there/),
    });
    expect(playfold(['verify', join(folder, 'gone')])).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/no such folder/),
    });
  });
});
