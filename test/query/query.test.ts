import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { quoteText } from '../../src/duckdb.ts';
import { StoppedError } from '../../src/progress-counters.ts';
import { temporaryFolder, withDatabase, writeText } from '../built-cli.ts';
import { ask, publishScenarios } from '../published.ts';

const folder = temporaryFolder();
const path = (...names: readonly string[]): string => join(folder, ...names);
let dir = '';
beforeAll(() => {
  dir = publishScenarios(folder);
});

const PETER = `select userId, totalWatchTime, firstWatchMonth from engagement where userId = 'peter'`;

describe('an answer', () => {
  it.each([
    ['csv', 'userId,totalWatchTime,firstWatchMonth\npeter,130.0,2026-01\n'],
    ['ndjson', '{"userId":"peter","totalWatchTime":130.0,"firstWatchMonth":"2026-01"}\n'],
  ] as const)('as %s', async (format, expected) => {
    expect(await ask(dir, PETER, { format })).toBe(expected);
  });

  it('as json is one array, of no rows too', async () => {
    expect(JSON.parse(await ask(dir, PETER, { format: 'json' }))).toEqual([
      { userId: 'peter', totalWatchTime: 130, firstWatchMonth: '2026-01' },
    ]);
    expect(JSON.parse(await ask(dir, `${PETER} and false`, { format: 'json' }))).toEqual([]);
  });

  it('is a table on a terminal, and CSV in a pipe', async () => {
    expect(await ask(dir, PETER, { columns: 80 })).toBe(
      'userId  totalWatchTime  firstWatchMonth\npeter            130.0  2026-01\n',
    );
    expect(await ask(dir, PETER)).toMatch(/^userId,/);
  });

  it('has a value a line where the table is wider than the terminal', async () => {
    expect(await ask(dir, PETER, { columns: 20 })).toBe(
      'row 1\n  userId           peter\n  totalWatchTime   130.0\n  firstWatchMonth  2026-01\n',
    );
  });

  it('says how to get the rows that a table leaves out', async () => {
    const text = await ask(dir, 'select * from range(1000)', { columns: 80 });
    expect(text.split('\n')).toHaveLength(103);
    expect(text).toMatch(/The first 100 rows; --format csv or --out FILE gives all of them/);
  });

  it('shows terminal commands in data as text', async () => {
    expect(await ask(dir, `select E'\\x1b[31m' as a, null as b`, { columns: 80 })).toBe(
      'a           b\n\\u{1b}[31m\n',
    );
  });

  it('keeps the order asked for', async () => {
    const text = await ask(dir, 'select range from range(300000) order by range desc', { format: 'csv' });
    const values = text.trimEnd().split('\n').slice(1).map(Number);
    expect(values).toEqual(Array.from({ length: 300_000 }, (_, i) => 299_999 - i));
  });

  it.each(['answer.csv', 'answer.json', 'answer.jsonl', 'answer.parquet', "o'dd [1].csv"])(
    'goes to a file %s whose ending says the format',
    async (name) => {
      const out = path(name);
      await ask(dir, PETER, { out });
      const reader = name.endsWith('parquet')
        ? 'read_parquet'
        : name.endsWith('csv')
          ? 'read_csv'
          : 'read_json';
      const file = quoteText(out.replace('[', '[[]'));
      const rows = await withDatabase((database) => database.rows(`select userId from ${reader}(${file})`));
      expect(rows).toEqual([{ userId: 'peter' }]);
    },
  );
});

describe('the tables', () => {
  it('are the folders of the result, by the files of the manifest', async () => {
    const copy = path('more');
    mkdirSync(copy);
    const manifest = JSON.parse(readFileSync(join(dir, '_run.json'), 'utf8'));
    for (const table of ['engagement', 'videos']) symlinkSync(join(dir, table), join(copy, table));
    mkdirSync(join(copy, 'sessions'));
    mkdirSync(join(copy, '_state'));
    const data = quoteText(join(copy, 'sessions', 'data_0.parquet'));
    await withDatabase((database) => database.run(`COPY (SELECT 1 AS visit) TO ${data} (FORMAT parquet)`));
    writeFileSync(join(copy, 'sessions', 'stray.parquet'), 'not listed, not read');
    manifest.files.push({ path: 'sessions/data_0.parquet' }, { path: '_state/data_0.parquet' });
    writeFileSync(join(copy, '_run.json'), JSON.stringify(manifest));
    symlinkSync(copy, path('link'));
    for (const name of [copy, path('link')]) {
      expect(await ask(name, 'show tables')).toBe('name\nengagement\nsessions\nvideos\n');
      expect(await ask(name, 'select visit, (select count(*) from engagement) as n from sessions')).toBe(
        'visit,n\n1,32\n',
      );
    }
  });
});

describe('an error', () => {
  const cases: readonly (readonly [sql: string, message: RegExp])[] = [
    ['select usrId from engagement', /there is no column 'usrId'; did you mean 'userId'\?/],
    ['select e.usrId from engagement e', /there is no column 'usrId'; did you mean 'userId'\?/],
    ['with w as (select 1 as minutes) select minute from w', /no column 'minute'; did you mean 'minutes'\?/],
    ['select quux from engagement', /no column 'quux'; playfold query .* "describe engagement" lists them/],
    ['select 1 from engagment', /there is no table 'engagment'; did you mean 'engagement'\?/],
    ['select totalwatch from engagement', /no column 'totalwatch'; did you mean 'totalWatchTime'\?/],
    ['select * exclude (usrId) from engagement', /no column 'usrId'; did you mean 'userId'\?/],
    ['select 1 from sessions', /run with --tables engagement,videos,sessions writes it\./],
    ['select 1 from users', /there is no table 'users'; the tables of .* are engagement, videos\./],
    ['select enggement.userId from engagement', /no table 'enggement'; did you mean 'engagement'\?/],
    ['select lenght(userId) from engagement', /lenght does not exist! Did you mean "length"\?/],
    ['selec 1', /syntax error at or near "selec"/],
    ["select 'x", /unterminated quoted string/],
    ['', /expected one SELECT statement/],
    ['select 1; select 2', /expected one SELECT statement/],
    ['drop view engagement', /expected one SELECT statement: a result is only read/],
    ["copy engagement to '/tmp/x.csv'", /expected one SELECT statement/],
    ["attach 'x.db'", /expected one SELECT statement/],
    ['set enable_external_access = true', /expected one SELECT statement/],
    ["select * from query('set threads = 1')", /expected one SELECT statement/],
    ["select * from read_csv('/etc/passwd')", /a query reads the tables of .* and nothing else/],
    ["select * from read_text('/etc/passwd')", /a query reads the tables of .* and nothing else/],
    ["select * from '/etc/passwd.csv'", /a query reads the tables of .* and nothing else/],
    ["select 'x'::INTEGER", /Could not convert string 'x' to INT32/],
    ["select error('boom')", /boom/],
  ];

  it.each(cases)('in %s is one line, exit code 2', async (sql, message) => {
    const out = path('never.csv');
    const error = await ask(dir, sql, { out }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: 'PlayfoldError', exitCode: 2 });
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toMatch(/\n|LINE 1|query\('/);
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.startsWith('.never'))).toEqual([]);
  });

  it.each([
    [
      'a folder without a result',
      4,
      /no _run.json there; name a folder that playfold run wrote/,
      { dir: path() },
    ],
    ['a folder that is not there', 4, /gone: no _run.json there/, { dir: path('gone') }],
    [
      'an ending that says nothing',
      2,
      /the ending does not say the format; add --format csv/,
      { out: path('a.txt') },
    ],
    ['a table for a file', 2, /a table is for the terminal/, { out: path('a.csv'), format: 'table' }],
    [
      'Parquet for a terminal',
      2,
      /a terminal cannot show it; add --out FILE/,
      { format: 'parquet', columns: 80 },
    ],
    ['a file in no folder', 2, /there is no folder .*nowhere/, { out: path('nowhere', 'a.csv') }],
    ['a folder for a file', 2, /this is a folder; name a file/, { out: path(), format: 'csv' }],
  ] as const)('for %s has exit code %i', async (_, exitCode, message, options) => {
    await expect(ask('dir' in options ? options.dir : dir, PETER, options)).rejects.toMatchObject({
      exitCode,
      message: expect.stringMatching(message),
    });
  });

  it('for a broken manifest and a missing file names them', async () => {
    mkdirSync(path('broken'));
    writeText(path('broken', '_run.json'), '{"summary": 1');
    await expect(ask(path('broken'), 'select 1')).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/broken\/_run.json: not a manifest of playfold/),
    });
    const manifest = JSON.parse(readFileSync(join(dir, '_run.json'), 'utf8'));
    symlinkSync(join(dir, 'engagement'), path('broken', 'engagement'));
    manifest.files[0].path = 'engagement/gone.parquet';
    writeText(path('broken', '_run.json'), JSON.stringify(manifest));
    await expect(ask(path('broken'), 'select 1')).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/gone.parquet/),
    });
  });
});

it('a stop ends a long query and leaves nothing in the temporary folder', async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('playfold-query-'));
  const signal = AbortSignal.timeout(200);
  const endless = 'select count(*) from range(100000000) a, range(100000000) b where a.range * b.range = 7';
  await expect(ask(dir, endless, { signal })).rejects.toThrow(StoppedError);
  const after = readdirSync(tmpdir()).filter((name) => name.startsWith('playfold-query-'));
  expect(after.filter((name) => !before.includes(name))).toEqual([]);
});
