import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConfigInput, parseConfig } from '../../src/config/schema.ts';
import { quoteText } from '../../src/duckdb.ts';
import { PlayfoldError } from '../../src/errors.ts';
import { formatPath, parsePath, resolvePath, toSourceColumns } from '../../src/source/columns/paths.ts';
import {
  isTimeZone,
  type TimestampReading,
  timestampExpression,
} from '../../src/source/columns/timestamps.ts';
import { parseColumnType } from '../../src/source/columns/types.ts';
import { readColumns, type SourceColumns } from '../../src/source/columns.ts';
import { resolveInputs } from '../../src/source/inputs.ts';
import { temporaryFolder, withDatabase, writeText } from '../built-cli.ts';

const folder = temporaryFolder();
let files = 0;

/** The columns of a Parquet file with the columns of a SELECT list. */
async function columnsOf(select: string, config: ConfigInput = {}): Promise<SourceColumns> {
  const path = join(folder, `${++files}.parquet`);
  return withDatabase(async (database) => {
    await database.run(`COPY (SELECT ${select}) TO ${quoteText(path)}`);
    const [file] = await resolveInputs([path], folder);
    return readColumns(database, file!, parseConfig(config, 'test'));
  });
}

const IDS = `'u' AS userId, 's' AS sessionId, 'v' AS videoId, 'play' AS eventName`;
const OWN = `now() AS timestamp, ${IDS}, 1.5::DOUBLE AS currentTime`;

describe('the default layout', () => {
  it('costs nothing: each column is read as it is', async () => {
    expect((await columnsOf(`${OWN}, NULL::DOUBLE AS fromTime`)).expressions).toEqual({
      timestampUs: 'epoch_us("timestamp")',
      userId: '"userId"',
      sessionId: '"sessionId"',
      videoId: '"videoId"',
      eventName: '"eventName"',
      currentTime: '"currentTime"',
      fromTime: '"fromTime"',
    });
  });

  it('is not taken for a dialect, whatever other columns there are', async () => {
    const columns = await columnsOf(`${OWN}, 'x' AS type, 'y' AS src, 'z' AS name, '{}' AS customDimensions`);
    expect(columns.dialect).toBe('playfold');
    expect(columns.matches.map(({ paths, why }) => [...paths, why])).toContainEqual([
      'eventName',
      'its own name',
    ]);
  });
});

describe('a type', () => {
  it.each([
    ['VARCHAR', { kind: 'scalar', name: 'VARCHAR' }],
    ['TIMESTAMP WITH TIME ZONE', { kind: 'scalar', name: 'TIMESTAMP WITH TIME ZONE' }],
    ['DECIMAL(18,3)', { kind: 'scalar', name: 'DECIMAL(18,3)' }],
    ['BIGINT[]', { kind: 'list', element: { kind: 'scalar', name: 'BIGINT' } }],
    [
      'MAP(VARCHAR, STRUCT(a INTEGER))',
      {
        kind: 'map',
        value: { kind: 'struct', fields: [{ name: 'a', type: { kind: 'scalar', name: 'INTEGER' } }] },
      },
    ],
    [
      `STRUCT("a, ""b""" ENUM('x)', 'y'), c DECIMAL(3,1)[])`,
      {
        kind: 'struct',
        fields: [
          { name: 'a, "b"', type: { kind: 'scalar', name: `ENUM('x)', 'y')` } },
          { name: 'c', type: { kind: 'list', element: { kind: 'scalar', name: 'DECIMAL(3,1)' } } },
        ],
      },
    ],
  ])('%s is read as DuckDB writes it', (text, expected) => {
    expect(parseColumnType(text)).toEqual(expected);
  });
});

describe('a path', () => {
  it.each([
    ['user_id', ['user_id']],
    ['props.position', ['props', 'position']],
    ['result.extensions."https://x.org/a.b"', ['result', 'extensions', 'https://x.org/a.b']],
    ['contexts[0].label', ['contexts', 0, 'label']],
    ['a[0][12]', ['a', 0, 12]],
    ['"say ""hi"""', ['say "hi"']],
    ['user id', ['user id']],
  ])('%s has its steps, and is written back', (text, steps) => {
    expect(parsePath(text)).toEqual(steps);
    expect(parsePath(formatPath(steps))).toEqual(steps);
  });

  it.each(['', '.', 'a.', '.a', 'a..b', '[0]', 'a[x]', 'a"b"', '"a', '*', 'a.*'])('%j is none', (text) => {
    expect(parsePath(text)).toBeNull();
  });

  const columns = toSourceColumns(
    [
      { name: 'props', type: 'STRUCT("videoId" VARCHAR, deep STRUCT(x BIGINT))' },
      { name: 'tags', type: 'STRUCT(v VARCHAR)[]' },
      { name: 'map', type: 'MAP(VARCHAR, DOUBLE)' },
      { name: 'body', type: 'VARCHAR' },
      { name: 'count', type: 'BIGINT' },
    ],
    false,
  );
  it.each([
    ['PROPS.video_id', `struct_extract("props", 'videoId')`, null, 'VARCHAR'],
    ['props.deep.x', `struct_extract(struct_extract("props", 'deep'), 'x')`, null, 'BIGINT'],
    ['tags[1].v', `struct_extract(list_extract("tags", 2), 'v')`, null, 'VARCHAR'],
    ['map.k', `map_extract_value("map", 'k')`, null, 'DOUBLE'],
    ['body.a[0]."b""c"', '"body"', '$."a"[0]."b\\"c"', 'VARCHAR'],
  ])('%s leads to SQL', (path, sql, jsonPath, type) => {
    expect(resolvePath(columns, parsePath(path)!)).toMatchObject({ sql, jsonPath, type });
  });

  it.each(['props', 'props.nothing', 'tags.v', 'count.x', 'nothing'])('%s leads nowhere', (path) => {
    expect(resolvePath(columns, parsePath(path)!)).toBeUndefined();
  });
});

describe('configured columns', () => {
  const parse = (columns: Record<string, string>) => parseConfig({ columns }, 'test').columns;

  it('are paths', () => {
    expect(parse({ userId: 'uid', currentTime: 'a."b,c"' })).toEqual({
      userId: 'uid',
      currentTime: 'a."b,c"',
    });
  });

  it.each([
    ['usrId', 'x', /there is no column 'usrId'; the nearest is 'userId'/],
    ['colour', 'x', /expected one of timestamp, userId/],
    ['userId', 'a..b', /'a\.\.b' is no column and no path such as props.position/],
    ['userId', '', /'' is no column/],
  ])('refuse %s=%s', (column, path, message) => {
    expect(() => parse({ [column]: path })).toThrow(message);
  });
});

describe('columns that are found by their name', () => {
  it('go by the order of the common names, exact spelling first', async () => {
    const { matches } = await columnsOf(
      `${OWN}, 1 AS position, 2 AS playhead, 'x' AS "user", 'y' AS "USER_ID"`,
    );
    const paths = Object.fromEntries(matches.map(({ column, paths: [path] }) => [column, path]));
    expect(paths).toMatchObject({ currentTime: 'currentTime', userId: 'userId' });
  });

  it('are looked for inside other columns only where none stands on top', async () => {
    const { matches } = await columnsOf(
      `now() AS ts, {'userId': 'inner', 'sid': 's'} AS ctx, 'outer' AS uid, 'v' AS video, 'play' AS action, 1 AS position, {'from': 3} AS referrer`,
    );
    expect(Object.fromEntries(matches.map(({ column, paths: [path] }) => [column, path]))).toEqual({
      timestamp: 'ts',
      userId: 'uid',
      sessionId: 'ctx.sid',
      videoId: 'video',
      eventName: 'action',
      currentTime: 'position',
    });
  });

  it('are read from the configured path before all else', async () => {
    const { expressions, matches } = await columnsOf(`${OWN}, 'a' AS account`, {
      columns: { userId: 'account' },
    });
    expect(expressions.userId).toBe('"account"');
    expect(matches.find(({ column }) => column === 'userId')).toMatchObject({ why: 'as configured' });
  });

  // biome-ignore format: a table
  const errors: readonly (readonly [string, string, ConfigInput, RegExp])[] = [
    ['is missing', `now() AS timestamp, 'u' AS usr, 's' AS sessionId, 'v' AS videoId, 'play' AS eventName, 1 AS currentTime`, {},
      /\.parquet: column 'userId' is missing; found: timestamp, usr, .*\. The nearest is 'usr': add --columns userId=usr$/],
    ['is missing and nothing is like it', `now() AS timestamp, 's' AS sessionId, 'v' AS videoId, 'play' AS eventName, 1 AS currentTime`, {},
      /column 'userId' is missing; found: .*\. Say which it is with --columns userId=NAME\.$/],
    ['is missing and something inside is like it', `now() AS timestamp, {'users_id': 'u'} AS a, 's' AS sessionId, 'v' AS videoId, 'play' AS eventName, 1 AS currentTime`, {},
      /The nearest is 'a.users_id': add --columns userId=a.users_id$/],
    ['has two names alike', `now() AS timestamp, 'u' AS user_id, 'u' AS "user-id", 's' AS sessionId, 'v' AS videoId, 'play' AS eventName, 1 AS currentTime`, {},
      /'user_id' and '"?user-id"?' could both be column 'userId'; say which with --columns userId=user_id\.$/],
    ['stands in two places alike', `now() AS timestamp, {'user_id': 'u'} AS a, {'user_id': 'u'} AS b, 's' AS sessionId, 'v' AS videoId, 'play' AS eventName, 1 AS currentTime`, {},
      /'a.user_id' and 'b.user_id' could both be column 'userId'/],
    ['is configured and not there', OWN, { columns: { userId: 'uid2' } },
      /--columns userId=uid2: there is no such column; found: timestamp, userId, .*The nearest is 'userId': add --columns userId=userId$/],
    ['is a whole struct', `${OWN}, {'id': 'u'} AS u`, { columns: { userId: 'u' } }, /--columns userId=u: there is no such column/],
  ];
  it.each(errors)('one that %s is an error that says what to do', async (_, select, config, message) => {
    const error = await columnsOf(select, config).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PlayfoldError);
    expect((error as PlayfoldError).message).toMatch(message);
    expect((error as PlayfoldError).exitCode).toBe(4);
  });
});

describe('text that is not JSON', () => {
  it('has no value inside, and is no error', async () => {
    const path = writeText(
      join(folder, 'half-json.csv'),
      [
        'timestamp,eventName,body',
        `2026-01-01,play,"{""userId"":""u"",""s"":1,""v"":null,""t"":""2.5""}"`,
        '2026-01-01,play,{broken',
        '2026-01-01,play,',
        '2026-01-01,play,[]',
      ].join('\n'),
    );
    const columns = { userId: 'body.userId', sessionId: 'body.s', videoId: 'body.v', currentTime: 'body.t' };
    const rows = await withDatabase(async (database) => {
      const [file] = await resolveInputs([path], folder);
      const { expressions } = await readColumns(database, file!, parseConfig({ columns }, 'test'));
      const { userId, sessionId, videoId, currentTime } = expressions;
      return database.rows(
        `SELECT ${userId} AS u, ${sessionId} AS s, ${videoId} AS v, ${currentTime} AS t FROM read_csv(${quoteText(path)}, all_varchar = true, header = true)`,
      );
    });
    const none = { u: null, s: null, v: null, t: null };
    expect(rows).toEqual([{ u: 'u', s: '1', v: null, t: 2.5 }, none, none, none]);
  });
});

describe('a timestamp', () => {
  const reading: TimestampReading = { unit: 'auto', timezone: 'UTC', formats: [] };
  const berlin: TimestampReading = { ...reading, timezone: 'Europe/Berlin' };
  const NOON = '2026-01-05T12:00:00Z';

  // biome-ignore format: a table
  const cases: readonly (readonly [string, string, string, TimestampReading, string | null])[] = [
    ['TIMESTAMP', `TIMESTAMP '2026-01-05 12:00:00'`, 'TIMESTAMP', reading, NOON],
    ['TIMESTAMP_S', `TIMESTAMP_S '2026-01-05 12:00:00'`, 'TIMESTAMP_S', reading, NOON],
    ['TIMESTAMP_MS', `TIMESTAMP_MS '2026-01-05 12:00:00'`, 'TIMESTAMP_MS', reading, NOON],
    ['TIMESTAMP_NS', `TIMESTAMP_NS '2026-01-05 12:00:00.000000999'`, 'TIMESTAMP_NS', reading, NOON],
    ['TIMESTAMPTZ', `TIMESTAMPTZ '2026-01-05 14:00:00+02'`, 'TIMESTAMP WITH TIME ZONE', berlin, NOON],
    ['DATE', `DATE '2026-01-05'`, 'DATE', reading, '2026-01-05T00:00:00Z'],
    ['local DATE', `DATE '2026-01-05'`, 'DATE', berlin, '2026-01-04T23:00:00Z'],
    ['local TIMESTAMP', `TIMESTAMP '2026-01-05 13:00:00'`, 'TIMESTAMP', berlin, NOON],
    ['local TIMESTAMP in summer', `TIMESTAMP '2026-07-05 14:00:00'`, 'TIMESTAMP', berlin, '2026-07-05T12:00:00Z'],
    ['the later of an hour that happened twice', `TIMESTAMP '2026-10-25 02:30:00'`, 'TIMESTAMP', berlin, '2026-10-25T01:30:00Z'],
    ['an hour that never was', `'2026-03-29 02:30:00'`, 'VARCHAR', berlin, '2026-03-29T01:30:00Z'],
    ['local TIMESTAMP_NS', `TIMESTAMP_NS '2026-01-05 13:00:00'`, 'TIMESTAMP_NS', berlin, NOON],
    ['text with Z', `'2026-01-05T12:00:00Z'`, 'VARCHAR', berlin, NOON],
    ['text with an offset', `' 2026-01-05T14:00:00+0200 '`, 'VARCHAR', berlin, NOON],
    ['text with an hour of offset', `'2026-01-05 14:00:00.000+02'`, 'VARCHAR', reading, NOON],
    ['text without a zone', `'2026-01-05 12:00:00'`, 'VARCHAR', reading, NOON],
    ['local text', `'2026-01-05T13:00:00.000000'`, 'VARCHAR', berlin, NOON],
    ['a local date as text', `'2026-01-05'`, 'VARCHAR', berlin, '2026-01-04T23:00:00Z'],
    ['text with seven digits', `'2026-01-05T12:00:00.0000004Z'`, 'VARCHAR', reading, NOON],
    ['seconds', '1767614400', 'INTEGER', reading, NOON],
    ['milliseconds', '1767614400000', 'BIGINT', reading, NOON],
    ['microseconds', '1767614400000000', 'BIGINT', reading, NOON],
    ['seconds with a fraction', '1767614400.0::DOUBLE', 'DOUBLE', reading, NOON],
    ['milliseconds by option', '1767614400000', 'BIGINT', { ...reading, unit: 'ms' }, NOON],
    ['few milliseconds by option', '1000', 'BIGINT', { ...reading, unit: 'ms' }, '1970-01-01T00:00:01Z'],
    ['seconds as text', `'1767614400'`, 'VARCHAR', berlin, NOON],
    ['a format of the dialect', `'1/5/2026, 1:00:00 PM'`, 'VARCHAR', { ...berlin, formats: ['%m/%d/%Y, %I:%M:%S %p'] }, NOON],
    ['no time', `'yesterday'`, 'VARCHAR', berlin, null],
    ['empty text', `''`, 'VARCHAR', reading, null],
    ['null', 'NULL::TIMESTAMP', 'TIMESTAMP', berlin, null],
    ['infinity', `TIMESTAMP 'infinity'`, 'TIMESTAMP', reading, null],
    ['local infinity', `TIMESTAMP 'infinity'`, 'TIMESTAMP', berlin, null],
    ['a truth', 'true', 'BOOLEAN', reading, null],
  ];

  it('of any type becomes microseconds UTC', async () => {
    const list = cases.map(
      ([, value, type, how], i) => `${timestampExpression(`(${value})`, type, how)}::VARCHAR AS c${i}`,
    );
    const [row] = await withDatabase((database) => database.rows(`SELECT ${list.join(', ')}`));
    const found = cases.map(([name], i) => [name, row![`c${i}`]]);
    const expected = cases.map(([name, , , , iso]) => [
      name,
      iso === null ? null : String(Date.parse(iso) * 1000),
    ]);
    expect(found).toEqual(expected);
  });

  it.each([
    ['Europe/Berlin', true],
    ['utc', true],
    ['Asia/Kolkata', true],
    ['Berlin', false],
    ['+02:00', false],
    ['', false],
    [`UTC'; --`, false],
  ])('has the zone %j: %s', (name, expected) => {
    expect(isTimeZone(name)).toBe(expected);
  });
});

describe('text files', () => {
  it('have their values inside objects that bear a common name', async () => {
    const body = {
      user: { id: 'u' },
      session: 's',
      content: { video: { id: 'v' } },
      event: { action: 'play' },
    };
    const rows = {
      ndjson: JSON.stringify({ ts: 1, ...body, state: { position: 3 } }),
      csv: `ts,user,session,content,event,state\n1,${[
        body.user,
        's',
        body.content,
        body.event,
        { position: 3 },
      ]
        .map(
          (value) => `"${(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('"', '""')}"`,
        )
        .join(',')}`,
    };
    for (const [ending, text] of Object.entries(rows)) {
      const path = writeText(join(folder, `objects.${ending}`), `${text}\n`);
      const [file] = await resolveInputs([path], folder);
      const { matches } = await withDatabase((database) =>
        readColumns(database, file!, parseConfig({}, 'test')),
      );
      expect(Object.fromEntries(matches.map(({ column, paths: [at] }) => [column, at]))).toEqual({
        timestamp: 'ts',
        userId: 'user.id',
        sessionId: 'session',
        videoId: 'content.video.id',
        eventName: 'event.action',
        currentTime: 'state.position',
      });
    }
  });
});
