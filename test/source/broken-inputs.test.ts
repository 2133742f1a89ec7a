import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlayfoldError } from '../../dist/errors.js';
import { runPipeline } from '../../dist/pipeline.js';
import { type RunOptions, resolveOptions } from '../../dist/run-options.js';
import { quoteText } from '../../src/duckdb.ts';
import { temporaryFolder, withDatabase } from '../built-cli.ts';
import { zstdFrame } from '../written-events.ts';

const folder = temporaryFolder();
const temporary = join(folder, '_temporary');
mkdirSync(temporary);
process.env.TMPDIR = temporary;

interface Outcome {
  readonly exit: number;
  readonly message: string;
  /** Rows read, kept, and invalid by the reasons that occur. */
  readonly read: number;
  readonly kept: number;
  readonly invalid: Readonly<Record<string, number>>;
}

const out = join(folder, 'out');

async function outcomeOf(inputs: readonly string[], options: Partial<RunOptions> = {}): Promise<Outcome> {
  try {
    const { events } = await runPipeline(
      resolveOptions({ threads: 1, memory: '512MB', partitionBy: 'none', ...options, inputs, out }),
    );
    const { read, kept, invalidByReason } = events;
    const invalid = Object.fromEntries(Object.entries(invalidByReason).filter(([, count]) => count > 0));
    return { exit: 0, message: '', read, kept, invalid };
  } catch (error) {
    // Anything else is a bug, and would end with 70.
    if (!(error instanceof PlayfoldError)) throw error;
    return { exit: error.exitCode, message: error.message, read: 0, kept: 0, invalid: {} };
  }
}

const NAMES = ['timestamp', 'userId', 'sessionId', 'videoId', 'eventName', 'currentTime'];
const HEADER = `${NAMES.join(',')}\n`;
const csvRow = (second: number, user = 'ann'): string =>
  `2026-01-01T00:00:${second}Z,${user},s,v,play,${second}\n`;
const jsonRow = (second: number, rest: object = {}): string =>
  `${JSON.stringify({ timestamp: `2026-01-01T00:00:${second}Z`, userId: 'ann', sessionId: 's', videoId: 'v', eventName: 'play', currentTime: second, ...rest })}\n`;
const rowsOf = (row: (second: number) => string, from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => row(from + i)).join('');
/** Four good rows, the broken text, six good rows. */
const csvAround = (broken: string): string =>
  HEADER + rowsOf(csvRow, 10, 14) + broken + rowsOf(csvRow, 14, 20);
const jsonAround = (broken: string): string => rowsOf(jsonRow, 10, 14) + broken + rowsOf(jsonRow, 14, 20);
const bytes = (...parts: readonly (string | readonly number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

const packed = gzipSync(jsonAround(''));
const flipped = (buffer: Buffer, fromEnd: number): Buffer => {
  const copy = Buffer.from(buffer);
  copy[copy.length - fromEnd]! ^= 1;
  return copy;
};
const stored = zstdFrame(Buffer.from(csvAround('')));
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

type Content = string | Buffer;

describe('a file that cannot be read ends the run with 4', () => {
  const cases: readonly (readonly [what: string, file: string, content: Content, message: RegExp])[] = [
    [
      'an empty file',
      'empty.ndjson',
      '',
      /empty.ndjson: no rows to read; check the path, or allow it with --allow-empty/,
    ],
    ['an empty CSV file', 'empty.csv', '', /empty.csv: no rows to read/],
    ['an empty file named Parquet', 'empty.parquet', '', /no rows to read/],
    ['a CSV file of a header only', 'header.csv', HEADER, /header.csv: no rows to read/],
    ['a CSV file of a header without its line end', 'header-cut.csv', HEADER.trim(), /no rows to read/],
    ['a CSV file of empty lines', 'lines.csv', '\n\n\n', /lines.csv: column 'timestamp' is missing/],
    [
      'a CSV file without a header',
      'headless.csv',
      rowsOf(csvRow, 10, 20),
      /headless.csv: column 'timestamp' is missing; found: 2026-01-01T00:00:10Z, ann/,
    ],
    [
      'a CSV file with an unusual delimiter',
      'tilde.csv',
      csvAround('').replaceAll(',', '~'),
      /tilde.csv: column 'timestamp' is missing; found: timestamp~userId~/,
    ],
    [
      'a CSV file with half a header',
      'half-header.csv',
      'timestamp,userId,sess',
      /half-header.csv: column 'sessionId' is missing; found: timestamp, userId, sess\./,
    ],
    ['an empty JSON array', 'none.json', '[]', /none.json: column 'timestamp' is missing; found: none/],
    ['empty objects', 'objects.ndjson', '{}\n{}\n', /column 'timestamp' is missing; found: none/],
    [
      'lines that are all broken',
      'all-broken.ndjson',
      '{"timestamp":\n{"userId":\n',
      /column 'timestamp' is missing; found: none/,
    ],
    [
      'a JSON array cut short',
      'cut.json',
      `[${rowsOf(jsonRow, 10, 14).trim().replaceAll('\n', ',')},{"time`,
      /cut.json: .*Malformed JSON.*unexpected end of data/,
    ],
    ['a JSON array without its bracket', 'open.json', `[${jsonRow(10)}`, /open.json: .*Malformed JSON/],
    ['text behind a JSON array', 'behind.json', `[${jsonRow(10)}] and more`, /behind.json: .*Malformed JSON/],
    [
      'objects over several lines, cut short',
      'objects-cut.json',
      JSON.stringify(JSON.parse(jsonRow(10)), null, 1).slice(0, -9),
      /objects-cut.json: .*Malformed JSON/,
    ],
    [
      'UTF-16 with a byte order mark',
      'utf16.csv',
      Buffer.from(`\uFEFF${csvAround('')}`, 'utf16le'),
      /utf16.csv: this is UTF-16 text; write it as UTF-8, for instance with iconv/,
    ],
    [
      'UTF-16 without one',
      'utf16.ndjson',
      Buffer.from(jsonAround(''), 'utf16le'),
      /utf16.ndjson: this is UTF-16 text/,
    ],
    [
      'big-endian UTF-16',
      'utf16be.csv',
      Buffer.from(csvAround(''), 'utf16le').swap16(),
      /utf16be.csv: this is UTF-16 text/,
    ],
    [
      'a gzip file cut in its data',
      'cut.ndjson.gz',
      packed.subarray(0, packed.length - 30),
      /cut.ndjson.gz: the gzip data is damaged \(it is cut short\), so rows would be missing; fetch the file again/,
    ],
    [
      'a gzip file cut in its trailer',
      'cut-trailer.ndjson.gz',
      packed.subarray(0, -3),
      /cut-trailer.ndjson.gz: the gzip data is damaged \(it is cut short\)/,
    ],
    [
      'a gzip file with a wrong CRC',
      'crc.ndjson.gz',
      flipped(packed, 7),
      /crc.ndjson.gz: the gzip data is damaged \(incorrect data check\)/,
    ],
    [
      'a gzip file with a wrong length',
      'length.ndjson.gz',
      flipped(packed, 3),
      /length.ndjson.gz: the gzip data is damaged \(incorrect length check\)/,
    ],
    [
      'a gzip file with a flipped bit',
      'flipped.csv.gz',
      flipped(gzipSync(csvAround('')), 40),
      /flipped.csv.gz: the gzip data is damaged/,
    ],
    [
      'a gzip file of two members, the last cut',
      'members.ndjson.gz',
      Buffer.concat([packed, packed.subarray(0, -20)]),
      /members.ndjson.gz: the gzip data is damaged \(it is cut short\)/,
    ],
    ['a gzip header and no more', 'header.gz', packed.subarray(0, 10), /header.gz: the gzip data is damaged/],
    [
      'a zstd file cut in its last block',
      'cut.csv.zst',
      stored.subarray(0, -5),
      /cut.csv.zst: the zstd data is damaged \(it is cut short\), so rows would be missing/,
    ],
    [
      'a zstd file cut to its first bytes',
      'stub.csv.zst',
      stored.subarray(0, 5),
      /stub.csv.zst: (the zstd data is damaged|column 'timestamp' is missing)/,
    ],
    [
      'a zstd file of two frames, the last cut',
      'frames.csv.zst',
      Buffer.concat([stored, stored.subarray(0, 60)]),
      /frames.csv.zst: the zstd data is damaged \(it is cut short\)/,
    ],
    [
      'a zstd file with a wrong checksum',
      'checksum.csv.zst',
      zstdFrame(Buffer.from(csvAround('')), Buffer.from('oops')),
      /checksum.csv.zst: .*checksum/,
    ],
    [
      'text behind a zstd frame',
      'tail.csv.zst',
      Buffer.concat([stored, Buffer.from('tail')]),
      /tail.csv.zst: the zstd data is damaged/,
    ],
    [
      'a Parquet file that is text',
      'text.parquet',
      'not parquet',
      /text.parquet: cannot be read as parquet: .*too small/,
    ],
    ['the first bytes of Parquet', 'magic.bin', 'PAR1', /magic.bin: cannot be read as parquet/],
    [
      'a picture',
      'picture.bin',
      bytes([0x89], 'PNG\r\n', [0x1a], '\n', [0, 0, 0, 13], 'IHDR'),
      /picture.bin: column 'timestamp' is missing/,
    ],
    [
      'SQL in a column name',
      'sql.csv',
      `"""; DROP TABLE videos; --",userId\n1,2\n`,
      /sql.csv: column 'timestamp' is missing; found: """; DROP TABLE videos; --", userId/,
    ],
  ];

  it.each(cases)('%s', async (_, file, content, message) => {
    const path = join(folder, 'unreadable', file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    const outcome = await outcomeOf([path]);
    expect(outcome.message).toMatch(message);
    expect(outcome.message.split('\n')).toHaveLength(1);
    expect(outcome.exit).toBe(4);
    expect(readdirSync(folder).filter((name) => name.includes('out'))).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('links to nothing and to themselves, and files in place of folders', async () => {
    const links = join(folder, 'links');
    mkdirSync(links);
    symlinkSync('nowhere', join(links, 'dangling.csv'));
    expect(await outcomeOf([links])).toMatchObject({
      exit: 4,
      message: expect.stringMatching(/dangling.csv: this link leads to nothing/),
    });
    expect(await outcomeOf([join(links, 'dangling.csv')])).toMatchObject({
      exit: 4,
      message: expect.stringMatching(/there is no such file/),
    });
    symlinkSync('loop.csv', join(links, 'loop.csv'));
    expect(await outcomeOf([join(links, 'loop.csv')])).toMatchObject({
      exit: 4,
      message: expect.stringMatching(/loop.csv: cannot be read \(ELOOP\)/),
    });
    writeFileSync(join(folder, 'plain.csv'), csvAround(''));
    expect(await outcomeOf([join(folder, 'plain.csv', 'below')])).toMatchObject({
      exit: 4,
      message: expect.stringMatching(/there is no such file/),
    });
    mkdirSync(join(links, 'folder.parquet'));
    expect(await outcomeOf([join(links, 'folder.parquet')])).toMatchObject({
      exit: 4,
      message: expect.stringMatching(/no rows to read/),
    });
  });
});

describe('a row that cannot be read is counted, and its neighbours are kept', () => {
  const malformed = (count = 1) => ({ malformed_row: count });
  const long = 'x'.repeat(20e6);
  interface Case {
    readonly what: string;
    readonly file: string;
    readonly content: Content;
    readonly invalid: Readonly<Record<string, number>>;
    readonly kept: number;
  }
  const of = (
    what: string,
    file: string,
    content: Content,
    invalid: Record<string, number>,
    kept = 10,
  ): Case => ({
    what,
    file,
    content,
    invalid,
    kept,
  });
  const cases: readonly Case[] = [
    of('nothing', 'good.csv', csvAround(''), {}),
    of('too few values', 'few.csv', csvAround('2026-01-01,ann\n'), malformed()),
    of('too many values', 'many.csv', csvAround('2026-01-01,ann,s,v,play,1,2\n'), malformed()),
    of(
      'most rows with too many values',
      'most.csv',
      csvAround('2026-01-01,ann,s,v,play,1,2\n'.repeat(40)),
      malformed(40),
    ),
    of('a quote that does not end', 'quote.csv', csvAround('2026-01-01,ann,"s,v,play,1\n'), malformed()),
    of(
      'a quote that does not end in the last row',
      'quote-last.csv',
      `${csvAround('')}2026-01-01,ann,"s,v,play,1`,
      malformed(),
    ),
    of(
      'a quote that does not end in the first row',
      'quote-first.csv',
      `${HEADER}2026-01-01,"ann,s,v,play,1\n${rowsOf(csvRow, 10, 20)}`,
      malformed(),
    ),
    of('text behind a quote', 'behind.csv', csvAround('2026-01-01,"ann"a,s,v,play,1\n'), malformed()),
    of(
      'a broken row among quoted ones',
      'quoted.csv',
      csvAround('"2026-01-01","ann","s,"v","play","1"\n').replaceAll('ann', '"ann"'),
      malformed(),
    ),
    of('a row cut short at the end', 'cut.csv', `${csvAround('')}2026-01-01,an`, malformed()),
    of('empty lines', 'empty-lines.csv', csvAround('\n\r\n\n'), {}),
    of('a line of spaces', 'spaces.csv', csvAround('   \n'), malformed()),
    of('another delimiter', 'semicolon-row.csv', csvAround('2026-01-01;ann;s;v;play;1\n'), malformed()),
    of('a header in the middle', 'headers.csv', csvAround(HEADER), { missing_timestamp: 1 }),
    of('a byte order mark in the middle', 'bom-middle.csv', csvAround(`\uFEFF${csvRow(14)}`), {
      missing_timestamp: 1,
    }),
    of(
      'Latin-1 in UTF-8',
      'latin1.csv',
      bytes(csvAround('').slice(0, -1), '\n2026-01-01,Andr', [0xe9], ',s,v,play,1\n'),
      malformed(),
    ),
    of(
      'Latin-1 in a column that is not read',
      'latin1-extra.csv',
      bytes('extra,', HEADER, 'x,', csvRow(10), [0xe9, 44], csvRow(11), 'y,', csvRow(12)),
      malformed(),
      2,
    ),
    of(
      'half a character at the end',
      'half.csv',
      bytes(csvAround(''), '2026-01-01,Andr', [0xc3]),
      malformed(),
    ),
    of('NUL bytes in a value', 'nul.csv', csvAround('2026-01-01T00:00:01Z,a\0n,s,v,play,1\n'), {}, 11),
    of('a line of NUL bytes', 'nul-line.csv', csvAround(`${'\0'.repeat(50)}\n`), malformed()),
    of('a line of 20 MB', 'long.csv', csvAround(`2026-01-01,${long},s,v,play,1\n`), malformed()),
    of('a line end in quotes', 'newline.csv', csvAround('2026-01-01T00:00:01Z,"an\nn",s,v,play,1\n'), {}, 11),
    of('mixed line ends', 'ends.csv', csvAround('2026-01-01T00:00:01Z,ann,s,v,play,1\r\n'), {}, 11),
    of(
      'columns of one name',
      'twice.csv',
      csvAround('').replaceAll('\n', ',x\n').replace('currentTime,x', 'currentTime,userId'),
      {},
    ),
    of(
      'a column without a name',
      'nameless.csv',
      csvAround('').replaceAll('\n', ',x\n').replace('currentTime,x', 'currentTime,'),
      {},
    ),
    of(
      'names with quotes, brackets and line ends',
      'names.csv',
      csvAround('').replaceAll('\n', ',x,y\n').replace('currentTime,x,y', 'currentTime,"a ""b"" [c]","d\ne"'),
      {},
    ),
    of('a broken row in gzip', 'broken.csv.gz', gzipSync(csvAround('2026-01-01,ann\n')), malformed()),
    of(
      'a broken row in zstd',
      'broken.csv.zst',
      zstdFrame(Buffer.from(csvAround('2026-01-01,"ann\n'))),
      malformed(),
    ),
    of('half a line', 'half.ndjson', jsonAround('{"timestamp":\n'), malformed()),
    of('a line cut short at the end', 'cut.ndjson', jsonAround('') + jsonRow(20).slice(0, 40), malformed()),
    of('a broken first line', 'first.ndjson', `{"timestamp": "2026\n${jsonAround('')}`, malformed()),
    of('two objects on a line', 'two.ndjson', jsonAround(jsonRow(1).trim() + jsonRow(2)), malformed()),
    of(
      'lines that hold no object',
      'scalars.ndjson',
      jsonAround('42\nnull\n"text"\n[1, 2]\ntrue\n'),
      malformed(5),
    ),
    of(
      'text that is no JSON',
      'text.ndjson',
      jsonAround('timestamp,userId\nERROR: no such table\n'),
      malformed(2),
    ),
    of('empty lines in NDJSON', 'blank.ndjson', jsonAround('\n  \n\r\n\t\n'), {}),
    of(
      'Latin-1 in NDJSON',
      'latin1.ndjson',
      bytes(jsonAround(''), '{"userId":"Andr', [0xe9], '"}\n'),
      malformed(),
    ),
    of('NUL bytes in NDJSON', 'nul.ndjson', jsonAround('{"userId":"a\0b"}\n\0\0\0\n'), malformed(2)),
    of('a lone surrogate', 'surrogate.ndjson', jsonAround('{"userId":"\\ud800"}\n'), malformed()),
    of('an empty object', 'object.ndjson', jsonAround('{}\n'), { missing_timestamp: 1 }),
    of('NaN, as Python writes it', 'nan.ndjson', jsonAround(jsonRow(1).replace(':1}', ':NaN}')), {
      bad_position: 1,
    }),
    of(
      'values of other types',
      'types.ndjson',
      jsonAround(
        jsonRow(1, { currentTime: { a: 1 } }) +
          jsonRow(2, { userId: [1] }) +
          jsonRow(3, { currentTime: '7.5' }),
      ),
      { bad_position: 1 },
      12,
    ),
    of('an object of 20 MB', 'long.ndjson', jsonAround(jsonRow(1, { payload: long })), {}, 11),
    of('a line of 100,000 levels', 'deep.ndjson', jsonAround(`{"userId":${deep(1e5)}}\n`), {
      missing_timestamp: 1,
    }),
    of(
      'a good line of 100,000 levels',
      'deep-good.ndjson',
      jsonAround(jsonRow(1).replace('"userId"', `"deep":${deep(1e5)},"userId"`)),
      {},
      11,
    ),
    of('a byte order mark', 'bom.ndjson', `\uFEFF${jsonAround('')}`, {}),
    of('one key twice', 'keys.ndjson', jsonAround(jsonRow(1).replace('{', '{"userId":"bob",')), {}, 11),
    of(
      'elements of an array that are no objects',
      'elements.json',
      `[${jsonAround('7\n"x"\nnull\n').trim().replaceAll('\n', ',')}]`,
      malformed(3),
    ),
    of('a broken line in gzip', 'broken.ndjson.gz', gzipSync(jsonAround('{"a\n')), malformed()),
  ];

  it.each(cases)('$what: $file', async ({ file, content, invalid, kept }) => {
    const path = join(folder, 'readable', file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    const bad = Object.values(invalid).reduce((sum, count) => sum + count, 0);
    expect(await outcomeOf([path])).toEqual({ exit: 0, message: '', read: kept + bad, kept, invalid });
    expect(readdirSync(temporary)).toEqual([]);
    if (bad === 0) return;
    // The same, row by row, where the rows are looked at to be kept.
    const quarantine = join(folder, 'quarantine');
    expect(await outcomeOf([path], { quarantine })).toMatchObject({
      exit: 0,
      read: kept + bad,
      kept,
      invalid,
    });
    const reasons = readdirSync(quarantine)
      .filter((name) => name.endsWith('.ndjson'))
      .flatMap((name) => readFileSync(join(quarantine, name), 'utf8').trim().split('\n'))
      .map((line): string => JSON.parse(line).reason);
    const counts = reasons.map((reason) => [reason, reasons.filter((other) => other === reason).length]);
    expect(Object.fromEntries(counts)).toEqual(invalid);
  });
});

describe('a damaged Parquet file', () => {
  const path = join(folder, 'whole.parquet');
  let whole: Buffer;
  beforeAll(async () => {
    await withDatabase((database) =>
      database.run(
        `COPY (SELECT TIMESTAMPTZ '2026-01-01' + to_seconds(i) AS timestamp, 'u' || i AS "userId", 's' AS "sessionId", 'v' AS "videoId",
           'play' AS "eventName", i::DOUBLE AS "currentTime" FROM range(5000) AS numbers(i)) TO ${quoteText(path)} (ROW_GROUP_SIZE 2048)`,
      ),
    );
    whole = readFileSync(path);
  });

  const shares = Array.from({ length: 16 }, (_, i) => i / 16);
  it.each([...shares, 0.99, 0.9999])('cut at %d of its length ends the run with 4', async (share) => {
    const cut = join(folder, 'cut.parquet');
    writeFileSync(cut, whole.subarray(0, Math.floor(whole.length * share)));
    const { exit, message } = await outcomeOf([cut]);
    expect(message).toMatch(share === 0 ? /no rows to read/ : /cut.parquet: cannot be read as parquet: /);
    expect(exit).toBe(4);
  });

  it('with flipped bits is read, or ends the run with 4 and names the file', async () => {
    const damaged = join(folder, 'damaged.parquet');
    const found = { read: 0, refused: 0 };
    for (let i = 0; i < 24; i++) {
      const copy = Buffer.from(whole);
      for (let bit = 0; bit < 4; bit++) copy[(i * 7919 + bit * 104729 + 7) % copy.length]! ^= 1 << (i % 8);
      writeFileSync(damaged, copy);
      const { exit, message } = await outcomeOf([damaged]);
      if (exit === 0) found.read++;
      else {
        found.refused++;
        expect({ exit, message }).toEqual({
          exit: 4,
          message: expect.stringMatching(/^\S*damaged.parquet: [^\n]+$/),
        });
      }
    }
    expect(found.refused).toBeGreaterThan(2);
  });

  it('keeps the result of an earlier run', async () => {
    expect(await outcomeOf([path])).toMatchObject({ exit: 0 });
    const before = readFileSync(join(out, '_run.json'), 'utf8');
    const cut = join(folder, 'cut.parquet');
    writeFileSync(cut, whole.subarray(0, whole.length / 2));
    expect(await outcomeOf([path, cut])).toMatchObject({ exit: 4 });
    expect(readFileSync(join(out, '_run.json'), 'utf8')).toBe(before);
  });
});

afterAll(() => expect(readdirSync(temporary)).toEqual([]));
