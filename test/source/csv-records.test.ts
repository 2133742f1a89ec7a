import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CsvDialect } from '../../src/source/csv-dialect.ts';
import { CsvRecords, MAX_RECORD_BYTES, splitRecord } from '../../src/source/csv-records.ts';
import type { InputFile } from '../../src/source/formats.ts';
import { readerOf } from '../../src/source/readers.ts';
import { temporaryFolder, withDatabase } from '../built-cli.ts';

const folder = temporaryFolder();
const DIALECT: CsvDialect = {
  delimiter: ',',
  quote: '"',
  escapeChar: '"',
  skipLines: 0,
  columns: ['a', 'b', 'c'],
};

/** What becomes of a text that comes in chunks of `chunkBytes`: records in order, broken lines marked. */
function read(text: string | Buffer, dialect = DIALECT, chunkBytes = 1 << 20): string[] {
  const found: string[] = [];
  const records = new CsvRecords(dialect, {
    keep: (bytes) => found.push(bytes.toString()),
    refuse: (bytes) => found.push(`broken ${bytes.toString()}`),
  });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes)
    records.push(bytes.subarray(at, at + chunkBytes), false);
  records.push(Buffer.alloc(0), true);
  return found;
}

describe('a broken line never swallows its neighbours', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['nothing broken', '1,2,3\n4,5,6\n', ['1,2,3', '4,5,6']],
    ['no end of the last line', '1,2,3\n4,5,6', ['1,2,3', '4,5,6']],
    ['CRLF, LF and CR in turn', '1,2,3\r\n4,5,6\n7,8,9\r1,2,3\r\n', ['1,2,3', '4,5,6', '7,8,9', '1,2,3']],
    ['empty lines', '\n1,2,3\n\n\r\n4,5,6\n\n', ['1,2,3', '4,5,6']],
    ['a line of spaces', '1,2,3\n  \n4,5,6\n', ['1,2,3', 'broken   ', '4,5,6']],
    ['too few values', '1,2\n4,5,6\n', ['broken 1,2', '4,5,6']],
    ['too many values', '1,2,3,4\n4,5,6\n', ['broken 1,2,3,4', '4,5,6']],
    ['a delimiter at the end', '1,2,3,\n4,5,6\n', ['1,2,3,', '4,5,6']],
    ['a quote that never ends', '1,"2,3\n4,5,6\n7,8,9\n', ['broken 1,"2,3', '4,5,6', '7,8,9']],
    ['a quote that ends in another line', '1,2,"3\n4,"5",6\n', ['broken 1,2,"3', '4,"5",6']],
    ['text behind a quote', '1,"2"x,3\n4,5,6\n', ['broken 1,"2"x,3', '4,5,6']],
    ['a quote within a value', '1,2"x,3"\n4,5,6\n', ['1,2"x,3"', '4,5,6']],
    ['a line end within quotes', '1,"2\n2",3\n4,5,6\n', ['1,"2\n2",3', '4,5,6']],
    [
      'a line end within quotes and too few values',
      '1,"2\n4,5,6\n3"\n',
      ['broken 1,"2', '4,5,6', 'broken 3"'],
    ],
    ['doubled quotes', '"1""",2,""""\n4,5,6\n', ['"1""",2,""""', '4,5,6']],
    ['an open quote at the very end', '1,2,3\n4,5,"', ['1,2,3', 'broken 4,5,"']],
  ];

  it.each(cases)('%s', (_, text, expected) => {
    for (const chunkBytes of [1, 2, 3, 7, 1 << 20])
      expect([chunkBytes, read(`a,b,c\n${text}`, DIALECT, chunkBytes)]).toEqual([chunkBytes, expected]);
  });

  it('bytes that are not UTF-8', () => {
    const text = Buffer.concat([
      Buffer.from('a,b,c\n1,é,3\n1,'),
      Buffer.from([0xe9]),
      Buffer.from(',3\n4,ü,6\n'),
    ]);
    for (const chunkBytes of [1, 5, 1 << 20])
      expect(read(text, DIALECT, chunkBytes)).toEqual(['1,é,3', 'broken 1,\uFFFD,3', '4,ü,6']);
  });

  it.each([1 << 20, 1 << 25])('a line that is too long, in chunks of %d', (chunkBytes) => {
    const long = `1,2,${'x'.repeat(3 * MAX_RECORD_BYTES)}`;
    const found = read(`a,b,c\n1,2,3\n${long}\n4,5,6\n${long}`, DIALECT, chunkBytes);
    expect(found.map((line) => line.length)).toEqual([5, MAX_RECORD_BYTES + 7, 5, MAX_RECORD_BYTES + 7]);
  });

  it('a backslash before a quote, where the file is written so', () => {
    const dialect = { ...DIALECT, escapeChar: '\\', delimiter: ';' };
    expect(read('a;b;c\n1;"2\\"";3\n1;"2\\";3\n4;5;6\n', dialect)).toEqual([
      '1;"2\\"";3',
      'broken 1;"2\\";3',
      '4;5;6',
    ]);
  });
});

describe('DuckDB and this reader agree', () => {
  const piece = fc.constantFrom(
    'x',
    'yz',
    ' ',
    ',',
    ',',
    ',',
    '"',
    '"',
    '""',
    '\n',
    '\n',
    '\r\n',
    'é',
    '#',
    "'",
    '\\',
  );
  const line = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  const plain = fc.constantFrom('1,2,3', '"4","5,5","6"', '7,"8\n8",9', ',,', '"",x,""');

  it('on every record that is kept', async () => {
    const path = join(folder, 'agree.csv');
    const file = { path, name: path, compression: null, dialect: DIALECT, format: 'csv' } as InputFile;
    await withDatabase(async (database) => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.oneof(line, plain), { maxLength: 6 }), async (lines) => {
          const kept = read(`a,b,c\n${lines.join('\n')}`).filter((record) => !record.startsWith('broken '));
          writeFileSync(path, `a,b,c\n${kept.map((record) => `${record}\n`).join('')}`);
          const rows = await database.rows<Record<string, string | null>>(
            `SELECT * FROM ${readerOf([file])}`,
          );
          // An empty value is null to DuckDB.
          const expected = kept.map((record) =>
            splitRecord(record, DIALECT)
              .slice(0, 3)
              .map((value) => value || null),
          );
          expect(rows.map(({ a, b, c }) => [a || null, b || null, c || null])).toEqual(expected);
        }),
        { numRuns: 1000, seed: 4 },
      );
    });
  });
});
