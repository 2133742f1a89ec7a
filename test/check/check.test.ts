import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runPipeline } from '../../dist/pipeline.js';
import { resolveOptions } from '../../dist/run-options.js';
import { check } from '../../src/check/check.ts';
import { reviewSessions } from '../../src/check/sessions.ts';
import type { ConfigInput } from '../../src/config/schema.ts';
import { formatCheck } from '../../src/terminal/check-text.ts';
import { playfold, temporaryFolder, withDatabase, writeText } from '../built-cli.ts';
import { rawRow, toNdjson } from '../raw-rows.ts';

const folder = temporaryFolder();
let files = 0;

const write = (text: string, ending = 'ndjson'): string =>
  writeText(join(folder, `${++files}.${ending}`), text);

const START = Date.UTC(2026, 0, 5, 10);
const event = (
  second: number,
  eventName: string,
  currentTime: number | string | null,
  rest: object = {},
) => ({
  timestamp: new Date(START + second * 1000).toISOString(),
  userId: 'u',
  sessionId: 's',
  videoId: 'v',
  eventName,
  currentTime,
  ...rest,
});
const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

describe('the numbers of a check', () => {
  it('are those that a run reports', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rawRow, { minLength: 1, maxLength: 200 }),
        fc.boolean(),
        async (rows, inWindow) => {
          const window = inWindow ? { since: '2026-01-31T23:00:00Z', until: '2026-02-01T00:00:00Z' } : {};
          const inputs = [write(toNdjson(rows.slice(0, 100))), write(toNdjson(rows.slice(100)))];
          const out = join(folder, `out-${files}`);
          const options = { inputs, threads: 1, memory: '512MB', ...window };
          const { events, result } = await runPipeline(resolveOptions({ ...options, out, allowEmpty: true }));
          const report = await check(options);
          const { read, kept, invalid, invalidByReason, unknownEventNames } = report;
          expect({ read, kept, invalid, invalidByReason }).toEqual({
            read: events.read,
            kept: events.kept,
            invalid: events.invalid,
            invalidByReason: events.invalidByReason,
          });
          expect(unknownEventNames).toEqual(events.unknownEventNames);
          expect(report.sessions).toMatchObject({
            oneUserIn: 1,
            rows: events.kept,
            duplicates: events.duplicates,
          });
          expect(report.events.reduce((sum, { rows: n }) => sum + n, 0)).toBe(events.kept);
          expect(result.rows > 0).toBe(kept > 0);
          for (const [reason, count] of Object.entries(invalidByReason))
            expect(report.samples[reason]?.length ?? 0).toBe(Math.min(3, count));
        },
      ),
      { numRuns: 8, seed: 20260106 },
    );
  });

  it('say of sessions what is repeated, out of order, and never opened or closed', async () => {
    const rows = [
      event(0, 'play', 0),
      event(10, 'pause', 10),
      event(10, 'pause', 10),
      event(5, 'progress', 5),
      event(0, 'pause', 3, { sessionId: 'never opened' }),
      event(0, 'play', 0, { sessionId: 'never closed' }),
      event(9, 'play', 9, { sessionId: 'never closed' }),
      event(0, 'play', 0, { sessionId: 'carried by progress' }),
      event(9, 'progress', 9, { sessionId: 'carried by progress' }),
    ];
    const { sessions } = await check({ inputs: [write(lines(rows))] });
    expect(sessions).toEqual({
      oneUserIn: 1,
      rows: 9,
      sessions: 4,
      duplicates: 1,
      outOfOrder: 1,
      withoutOpener: 1,
      withoutClose: 1,
    });
  });

  it('are of a sample of users where there are many rows, with whole sessions', async () => {
    await withDatabase(async (database) => {
      await database.run(
        `CREATE TEMP VIEW event_rows AS SELECT NULL AS reason, 'user ' || (i // 10) AS userId, 'v' AS videoId, 's' AS sessionId,
         i AS timestampUs, CASE WHEN i % 10 = 9 THEN 0 ELSE 3 END AS eventClass, i AS positionUs, NULL::BIGINT AS fromUs
         FROM range(10000) AS r(i)`,
      );
      const sample = await reviewSessions(database, 10_000, 2500);
      expect(sample.oneUserIn).toBe(4);
      expect(sample.rows).toBe(10 * sample.sessions);
      expect(sample.sessions).toBeGreaterThan(150);
      expect(sample.sessions).toBeLessThan(350);
      expect(sample).toMatchObject({ duplicates: 0, outOfOrder: 0, withoutOpener: 0, withoutClose: 0 });
    });
  });
});

describe('a check', () => {
  it('shows the first three rows of each reason as they stand in the file', async () => {
    const rows = ['x', -1, '1e9', null].map((position, i) => event(i, 'play', position));
    const input = write(lines([...rows, event(9, 'play', 0, { timestamp: 'yesterday' })]));
    const { samples } = await check({ inputs: [input] });
    expect(samples.bad_position?.map((sample) => 'values' in sample && sample.values.currentTime)).toEqual([
      'x',
      '-1',
      '1e9',
    ]);
    expect(samples.missing_timestamp).toEqual([
      {
        where: input,
        values: expect.objectContaining({ timestamp: 'yesterday', userId: 'u', fromTime: null }),
      },
    ]);
  });

  it('shows the first three lines that cannot be read, shortened and with nothing in them that a terminal obeys', async () => {
    const good = lines([event(0, 'play', 0)]);
    const input = write(`${good}{"cut\u001B[2Jshort\n${good}42\n[]\n"${'x'.repeat(500)}\n`);
    const table = write(`${Object.keys(event(0, 'play', 0))}\n1,2\n`, 'csv');
    const array = write(`[${good},7,{}]`, 'json');
    const report = await check({ inputs: [input] });
    expect(report.samples.malformed_row).toEqual([
      { where: input, row: 2, text: '{"cut\u001B[2Jshort' },
      { where: input, row: 4, text: '42' },
      { where: input, row: 5, text: '[]' },
    ]);
    const text = formatCheck(report);
    expect(text).toContain(`${input} row 2: {"cut\\u{1b}[2Jshort\n`);
    expect(text).not.toContain('\u001B[2J');
    expect((await check({ inputs: [table, array] })).samples).toMatchObject({
      malformed_row: [
        { where: table, row: 1, text: '1,2' },
        { where: array, row: 2, text: '7' },
      ],
    });
    const { events } = await runPipeline(
      resolveOptions({ inputs: [table, array], out: join(folder, 'malformed') }),
    );
    const { read, kept, invalid, invalidByReason } = await check({ inputs: [table, array] });
    expect(events).toMatchObject({ read, kept, invalid, invalidByReason });
    expect(invalidByReason).toMatchObject({ malformed_row: 2, missing_timestamp: 1 });
  });

  it('tells the layouts of several files apart', async () => {
    const own = write(lines([event(0, 'play', 0)]));
    const others = write('ts,uid,session,video,action,position,seek_from\n2026-01-05,u,s,v,play,0,\n', 'csv');
    const { layouts, files: count } = await check({ inputs: [own, others] });
    expect(count).toBe(2);
    expect(layouts.map(({ format, dialect, missing }) => ({ format, dialect, missing }))).toEqual([
      { format: 'ndjson', dialect: 'playfold', missing: ['fromTime'] },
      { format: 'csv', dialect: 'playfold', missing: [] },
    ]);
    expect(layouts[1]?.matches.find(({ column }) => column === 'videoId')).toEqual({
      column: 'videoId',
      paths: ['video'],
      types: ['VARCHAR'],
      why: 'a common name of videoId',
    });
  });

  // biome-ignore format: a table
  const advices: readonly (readonly [string, readonly object[], RegExp])[] = [
    ['a column that is mostly empty', [event(0, 'play', 0, { userId: '' })], /100\.0 % of the rows are invalid as missing_user: userId is read from userId; .*--columns userId=NAME/],
    ['event names of no class', [event(0, 'Start Watching', 0)], /event name of no class \(Start Watching\); .*eventNames/],
    ['times of another unit', [event(0, 'play', 0, { timestamp: 1767614 })], /Times go from 1970-01-21.*--timestamp-unit/],
    ['positions in milliseconds', [event(0, 'play', 0), event(9, 'pause', 300000)], /300000 s, more than two days; .*not milliseconds/],
    ['sessions that nothing closes', [event(0, 'play', 0)], /100\.0 % of the sessions end playing/],
    ['sessions that nothing opens', [event(0, 'pause', 0)], /neither play nor resume/],
    ['seeks that do not say where from', [event(0, 'play', 0), event(5, 'seek', 50), event(9, 'pause', 54)], /Seeks do not say where from/],
  ];
  it.each(advices)('advises on %s', async (_, rows, advice) => {
    expect((await check({ inputs: [write(lines(rows))] })).advice.join('\n')).toMatch(advice);
  });

  it('has nothing to say about good rows, and knows videos without a duration', async () => {
    const input = write(lines([event(0, 'play', 0), event(9, 'pause', 9)]));
    expect((await check({ inputs: [input] })).advice).toEqual([]);
    const videos = write('videoId,duration\nv,\nw,10\n', 'csv');
    const report = await check({ inputs: [input], videos });
    expect(report.videos).toMatchObject({ videos: 2, withDuration: 1, rowsWithDuration: 0 });
    expect(report.advice.join()).toMatch(/100\.0 % of the kept rows are of videos without a duration/);
  });

  // biome-ignore format: a table
  const errors: readonly (readonly [string, string, ConfigInput, RegExp])[] = [
    ['a fromTime that no file has', lines([event(0, 'play', 0)]), { columns: { fromTime: 'left' } }, /--columns fromTime=left: no file has such a column/],
    ['another dialect than it is', '{"a":1}', { dialect: 'xapi' }, /column 'timestamp' is missing \(dialect xapi\); found: a\./],
    ['an empty file', '', {}, /no rows to read/],
  ];
  it.each(errors)('refuses %s', async (_, text, config, message) => {
    await expect(check({ inputs: [write(text)], config })).rejects.toThrow(message);
  });

  it('has nothing to say about a file that is only a header', async () => {
    const header = 'timestamp,userId,sessionId,videoId,eventName,currentTime\n';
    const report = await check({ inputs: [write(header, 'csv')] });
    expect(report).toMatchObject({
      read: 0,
      kept: 0,
      invalid: 0,
      samples: {},
      advice: [],
      firstTimestamp: null,
    });
    expect(report.sessions).toMatchObject({ rows: 0, sessions: 0, duplicates: 0 });
  });

  it('stops when its signal fires', async () => {
    const input = write(lines([event(0, 'play', 0)]));
    const signal = AbortSignal.abort();
    await expect(check({ inputs: [input], signal })).rejects.toThrow(/stopped/);
  });
});

describe('playfold check', () => {
  const input = write(lines([event(0, 'play', 0), event(9, 'pause', 9), event(10, 'zap', 9)]));

  it('prints what was matched and what would be dropped, and one JSON object with --json', () => {
    const { code, stdout, stderr } = playfold(['check', input]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/ndjson, dialect playfold\n/);
    expect(stdout).toMatch(/userId +userId +VARCHAR +its own name\n/);
    expect(stdout).toMatch(/read 3 = kept 2 \+ invalid 1\n/);
    expect(stdout).toMatch(/unknown_event: 1 \(33\.33 %\)\n +zap 1\n/);
    expect(stdout).toMatch(/sessions without a close after the last play: 0/);
    const json = playfold(['check', input, '--json']).stdout;
    expect(JSON.parse(json)).toMatchObject({ read: 3, kept: 2, unknownEventNames: { zap: 1 } });
  });

  // biome-ignore format: a table
  const errors: readonly (readonly [string, number, RegExp, readonly string[]])[] = [
    ['a dialect that is none', 2, /--dialect xapy: expected one of auto, playfold.*did you mean 'xapi'\?/, [input, '--dialect', 'xapy']],
    ['a time zone that is none', 2, /--timezone Berlin: expected an IANA time zone such as Europe\/Berlin/, [input, '--timezone', 'Berlin']],
    ['a path that leads nowhere', 4, /--columns userId=uid: there is no such column; found: timestamp, userId/, [input, '--columns', 'currentTime=currentTime', '--columns', 'userId=uid']],
  ];
  it.each(errors)('ends for %s with %i and one line', (_, exitCode, message, args) => {
    const { code, stdout, stderr } = playfold(['check', ...args]);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
  });
});
