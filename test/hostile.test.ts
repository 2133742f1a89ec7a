import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runPipeline } from '../dist/pipeline.js';
import { resolveOptions } from '../dist/run-options.js';
import { Database, quoteText } from '../src/duckdb.ts';
import { readResult, temporaryFolder, writeText } from './built-cli.ts';

const folder = temporaryFolder();

const toLine = (row: object): string =>
  `${JSON.stringify({ timestamp: '2026-01-01T00:00:00Z', sessionId: 's', eventName: 'play', currentTime: 0, ...row })}\n`;

const fold = (inputs: readonly string[], out: string, videos?: string) =>
  runPipeline(resolveOptions({ inputs, out, videos, threads: 1, memory: '1GB' }));

describe('hostile names of files and folders', () => {
  it.each([
    "quote's",
    'double "quotes"',
    'new\nline',
    'carriage\rreturn\ttab',
    'glob *? [a-z] {b,c}',
    '[unclosed',
    "'; DROP TABLE users; --",
    "') UNION SELECT * FROM read_text('passwd') --",
    '$(touch x) `touch y` $z',
    '-rf --out',
    '%2e%2e%2f',
    'back\\slash',
    '\u{1F600} \u202E \u00E9 e\u0301',
    'a=b',
    ' leading and trailing ',
    'long'.repeat(50),
  ])('are names and nothing more: %j', async (name) => {
    const place = join(folder, name);
    mkdirSync(place);
    const inputs = [
      writeText(join(place, `${name.slice(0, 40)}.ndjson`), toLine({ userId: 'u', videoId: 'v' })),
    ];
    const videos = writeText(join(place, `${name.slice(0, 40)}.csv`), 'videoId,duration\nv,60\n');
    const out = join(place, `out ${name.slice(0, 40)}`);
    const summary = await fold(inputs, out, videos);
    expect(summary).toMatchObject({ events: { read: 1, kept: 1 }, result: { rows: 1 } });
    // DuckDB's globs, with which this reads, know no way to write a backslash.
    if (!name.includes('\\'))
      expect(await readResult(out)).toMatchObject([{ userId: 'u', videoDuration: 60 }]);
    expect(readdirSync(place)).toHaveLength(4);
  });
});

describe('hostile values', () => {
  it('come through as they are: each id is one row', async () => {
    const ids = [
      "o'neil",
      '"',
      "'; DROP TABLE users; --",
      "' || (SELECT 1) || '",
      '../../etc/passwd',
      'firstWatchMonth=1999-01/x',
      'a/b\\c',
      '\u0000',
      'nul\u0000inside',
      'nul\u0000inside2',
      '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}',
      '\u202Ertl',
      'e\u0301',
      '\u00E9',
      ' ',
      '  ',
      '\t\r\n',
      'null',
      'NaN',
      '__HIVE_DEFAULT_PARTITION__',
      '__proto__',
      'constructor',
      '%00',
      '$jndi:ldap://x',
      '{"a": 1}',
      '[1]',
      'x'.repeat(1_000_000),
      `${'x'.repeat(999_999)}y`,
    ];
    const input = writeText(
      join(folder, 'values.ndjson'),
      ids.map((id) => toLine({ userId: id, videoId: id, sessionId: id })).join(''),
    );
    const names = ids.map((id) => toLine({ userId: 'u', videoId: 'v', eventName: id.slice(0, 50) })).join('');
    const out = join(folder, 'values-out');
    const summary = await fold([input, writeText(join(folder, 'names.ndjson'), names)], out);
    expect(summary.events).toMatchObject({ read: 2 * ids.length, invalid: ids.length });
    const found = (await readResult(out)).map(({ userId }) => userId);
    expect(found).toHaveLength(ids.length);
    expect(new Set(found)).toEqual(new Set(ids));
  });
});

describe('a restricted database', () => {
  it('reads and writes what it was given, and nothing else, and cannot be opened up again', async () => {
    const [allowed, secret] = ['allowed.csv', 'secret.csv'].map((name) =>
      writeText(join(folder, name), 'a\n1\n'),
    );
    const within = join(folder, 'within');
    mkdirSync(within);
    const access = { files: [allowed!], folders: [within] };
    const database = await Database.open({ threads: 1, memoryBytes: 256e6, tempFolder: within, access });
    try {
      await database.lockConfiguration();
      await database.run(`COPY (FROM ${quoteText(allowed!)}) TO ${quoteText(join(within, 'copy.parquet'))}`);
      for (const sql of [
        `FROM ${quoteText(secret!)}`,
        `FROM read_text('/etc/passwd')`,
        `FROM glob('/etc/*')`,
        `FROM ${quoteText(join(within, '..', 'secret.csv'))}`,
        `COPY (SELECT 1) TO ${quoteText(join(folder, 'written.csv'))}`,
        `ATTACH ${quoteText(join(folder, 'other.db'))}`,
        'INSTALL httpfs',
        `LOAD '/tmp/x.duckdb_extension'`,
        'SET enable_external_access = true',
        `SET allowed_directories = ['/']`,
        `SET memory_limit = '1TB'`,
        'SET lock_configuration = false',
      ])
        await expect(database.run(sql), sql).rejects.toThrow(/ermission|[Cc]annot|locked|disabled/);
    } finally {
      database.close();
    }
  });
});
