import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Explanation, explain } from '../../dist/explain/explain.js';
import { runPipeline } from '../../dist/pipeline.js';
import { StoppedError } from '../../dist/progress-counters.js';
import { resolveOptions } from '../../dist/run-options.js';
import { scenarioLines } from '../../src/sample/sample-data.ts';
import { sampleVideos, scenarios } from '../../src/sample/scenarios.ts';
import { playfold, temporaryFolder, withDatabase, writeText } from '../built-cli.ts';

const folder = temporaryFolder();
const inputs = [writeText(join(folder, 'events.ndjson'), scenarioLines())];
const videos = writeText(
  join(folder, 'videos.ndjson'),
  sampleVideos.map((video) => JSON.stringify(video)).join('\n'),
);
const common = { inputs, threads: 1, memory: '512MB' };

/** Rows of a run by user and video, as explain gives them. */
async function runRows(name: string, options: object): Promise<Map<string, object>> {
  const out = join(folder, name);
  await runPipeline(resolveOptions({ ...common, ...options, out }));
  return withDatabase(async (database) => {
    const rows = await database.rows<{ pair: string; row: string }>(
      `SELECT userId || '/' || videoId AS pair, to_json(rows)::VARCHAR AS row
       FROM read_parquet('${out}/engagement/**/*.parquet', hive_partitioning = false) AS rows`,
    );
    return new Map(rows.map(({ pair, row }) => [pair, JSON.parse(row) as object]));
  });
}

const pairs = scenarios.flatMap(({ id, userId, events }) =>
  [...new Set(events.map(({ videoId }) => videoId))].flatMap((videoId) =>
    videoId === null ? [] : [[id, userId, videoId] as const],
  ),
);

const some = pairs.filter(([id]) => ['5', '7', '17'].includes(id));

describe.each([
  ['durations of the metadata', { videos }, pairs],
  ['estimated durations', {}, some],
  [
    'the points formula, no timeout',
    { videos, config: { sessionTimeoutSeconds: 0, engagement: { formula: 'points' as const } } },
    some,
  ],
])('with %s', (name, options, asked) => {
  let rows = new Map<string, object>();
  beforeAll(async () => {
    rows = await runRows(`run ${name}`, options);
  });

  it.each(asked)(
    'scenario %s: the row of %s and %s is the one that run writes',
    async (_, userId, videoId) => {
      const { row, segments, events, flags } = await explain({ ...common, ...options }, { userId, videoId });
      expect(row).toEqual(rows.get(`${userId}/${videoId}`));
      expect(segments.length).toBe(row.segmentCount);
      expect(events.filter(({ dropped }) => dropped === null).length).toBe(row.eventCount);
      expect(flags.filter(({ holds }) => holds).map(({ flag }) => flag)).toEqual(row.dataQualityFlags);
    },
  );
});

describe('what the events did', () => {
  const effects = async (userId: string, videoId = 'video_001'): Promise<string[]> =>
    (await explain({ ...common, videos }, { userId, videoId })).events.map((event) =>
      event.effects.join('; '),
    );

  it.each<[string, string, readonly string[]]>([
    [
      'chen',
      'video_001',
      [
        'opens at 0:00',
        'credited 45 s (0:00 to 0:45)',
        'opens at 0:45; unclosed: the visit ends here and nothing closed what was open',
      ],
    ],
    [
      'dana',
      'video_002',
      [
        'opens at 0:00',
        'credited 30 s (0:00 to 0:30)',
        'forward skip 270 s; opens at 5:00',
        'credited 60 s (5:00 to 6:00); completes the visit',
      ],
    ],
    [
      'kofi',
      'video_001',
      [
        'opens at 0:00',
        'credited 30 s (0:00 to 0:30)',
        'duplicate of the event before: dropped',
        'opens at 0:30',
        'credited 60 s (0:30 to 1:30); completes the visit',
      ],
    ],
    [
      'noor',
      'video_001',
      [
        'opens at 0:00',
        'invalid: bad_position, dropped',
        'unclosed: nothing closed what opened at 0:00; opens at 0:00',
        'credited 60 s (0:00 to 1:00); completes the visit',
      ],
    ],
    ['olga', 'video_001', ['opens at 0:00', 'rejected: 9,999 s of video in 5 s']],
    [
      'quinn',
      'video_001',
      [
        'new session; opens at 0:00',
        'credited 30 s (0:00 to 0:30)',
        'new visit after 5 h; opens at 0:30',
        'credited 60 s (0:30 to 1:30); completes the visit',
      ],
    ],
    [
      'wanda',
      'video_001',
      ['nothing was open to close', 'opens at 0:30', 'credited 60 s (0:30 to 1:30); completes the visit'],
    ],
    [
      'priya',
      'video_001',
      [
        'opens at 0:00',
        'credited 0.1 s (0:00 to 0:00.1)',
        'opens at 0:00.1',
        'credited 0.1 s (0:00.1 to 0:00.2)',
      ],
    ],
    [
      'bruno',
      'video_001',
      [
        'opens at 0:00',
        'credited 30 s (0:00 to 0:30); forward skip 170 s; opens at 3:20',
        'credited 50 s (3:20 to 4:10)',
      ],
    ],
  ])('%s, %s', async (userId, videoId, expected) => {
    expect(await effects(userId, videoId)).toEqual(expected);
  });
});

describe('a pair with more events than are shown', () => {
  const pair = { userId: 'u', videoId: 'v' };
  const names = ['play', 'pause', 'seek', 'end', 'progress', 'what'];
  // Few times, so that events share one; gaps near the timeout, so that visits split; some events are invalid.
  const event = fc.record({
    gap: fc.constantFrom(0, 0, 1, 20, 1790, 1900),
    sessionId: fc.constantFrom('a', 'b', 'c'),
    eventName: fc.constantFrom(...names),
    currentTime: fc.constantFrom(0, 10, 20, 25, 400, null),
    undated: fc.constantFrom(...Array<boolean>(20).fill(false), true),
  });
  const [events] = fc.sample(fc.array(event, { minLength: 300, maxLength: 300 }), { numRuns: 1, seed: 3 });
  let time = 1_767_225_600;
  const lines = events!.map(({ gap, undated, ...rest }) => {
    time += gap;
    return JSON.stringify({ timestamp: undated ? null : time, ...pair, ...rest });
  });
  const many = { ...common, inputs: [writeText(join(folder, 'many.ndjson'), lines.join('\n'))] };

  let whole: Explanation;
  beforeAll(async () => {
    whole = await explain({ ...many, maxEvents: 300 }, pair);
  });

  it.each([1, 11, 50, 200])('has its first %i explained as with all of them', async (maxEvents) => {
    expect([whole.events.length, whole.eventsLeftOut, whole.segmentsLeftOut]).toEqual([300, 0, 0]);
    const some = await explain({ ...many, maxEvents }, pair);
    expect(some.events).toEqual(whole.events.slice(0, some.events.length));
    expect(some.events.length).toBeGreaterThan(0);
    expect(some.events.length).toBeLessThanOrEqual(2 * maxEvents);
    expect(some.eventsLeftOut).toBe(300 - some.events.length);
    const last = some.events.at(-1)!.timestamp!;
    expect(some.segments).toEqual(whole.segments.filter(({ endTimestamp }) => endTimestamp <= last));
    expect(some.segmentsLeftOut).toBe(whole.segments.length - some.segments.length);
    expect(some.row).toEqual(whole.row);
  });

  it('tells the rows read, and stops when asked to', async () => {
    const stages = new Set<string>();
    const onProgress = ({ stage }: { stage: string }) => void stages.add(stage);
    await explain({ ...many, onProgress }, pair);
    expect([...stages]).toEqual(['plan', 'scan', 'fold']);
    await expect(explain({ ...many, signal: AbortSignal.abort() }, pair)).rejects.toThrow(StoppedError);
    const abort = new AbortController();
    const stopAtScan = ({ stage }: { stage: string }) => stage === 'scan' && abort.abort();
    const stopped = explain({ ...many, signal: abort.signal, onProgress: stopAtScan }, pair);
    await expect(stopped).rejects.toThrow(StoppedError);
  });
});

describe('playfold explain', () => {
  const args = ['explain', ...inputs, '--videos', videos, '--threads', '1'];

  it('prints the timeline, the union as a bar, the arithmetic and the flags', () => {
    const { code, stdout } = playfold([...args, '--user', 'peter', '--video', 'video_001']);
    expect(code).toBe(0);
    for (const line of [
      'User peter, video video_001 "Introduction", 300 s (from the metadata)',
      '2026-01-15 10:02:10  peter-s1  video_resume       110  backward skip 10 s; opens at 1:50',
      `0:00 ${'█'.repeat(24)}${'░'.repeat(36)} 5:00`,
      'union 0:00-2:00: 120 s of 130 s watched',
      'watchPercentage            43.33                   100 x 130 / 300',
      'no     very_short_watch: 130 s watched against 10 s',
    ])
      expect(stdout).toContain(line);
  });

  it('says what it leaves out', () => {
    const { stdout } = playfold([...args, '--user', 'chen', '--video', 'video_001', '--max-events', '1']);
    expect(stdout).toContain('... and 2 later or undated events; --max-events shows more');
    expect(stdout).toContain('... and 1 later segments');
    expect(stdout).toMatch(/eventCount +3\n/);
  });

  it.each(['1.5'])('refuses --max-events %s', (text) => {
    const { code, stderr } = playfold([...args, '--user', 'u', '--video', 'v', '--max-events', text]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `playfold: --max-events ${text}: expected a whole number from 1 to 100000.\n`,
    });
  });

  it('prints the same as one JSON object', async () => {
    const { stdout } = playfold([...args, '--user', 'peter', '--video', 'video_001', '--json']);
    expect(JSON.parse(stdout)).toEqual(
      await explain({ ...common, videos }, { userId: 'peter', videoId: 'video_001' }),
    );
  });

  it.each([
    ['petra', 'video_001', /no events of user 'petra'; the nearest users of video 'video_001' are 'peter', /],
    [
      'peter',
      'video_01',
      /no events of user 'peter' and video 'video_01'; the nearest videos of this user are 'video_001'\.$/,
    ],
    [
      "o'neil",
      'x',
      /no events of user 'o''neil', and none of video 'x'; the nearest videos are 'video_001', /,
    ],
  ])('answers %s and %s with the nearest ids', async (userId, videoId, message) => {
    await expect(explain({ ...common, videos }, { userId, videoId })).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(message),
    });
  });

  it('says so where every event of the pair is invalid', async () => {
    const row = {
      timestamp: '2026-01-01T00:00:00Z',
      userId: 'u',
      sessionId: 's',
      videoId: 'v',
      eventName: 'what',
      currentTime: 1,
    };
    const input = writeText(join(folder, 'invalid.ndjson'), `${JSON.stringify(row)}\n`);
    await expect(explain({ ...common, inputs: [input] }, { userId: 'u', videoId: 'v' })).rejects.toThrow(
      /all 1 events of user 'u' and video 'v' are invalid \(unknown_event\)/,
    );
  });

  it('reads many files and formats, odd ids and every kind of time', async () => {
    const lake = join(folder, 'lake');
    mkdirSync(lake);
    const ids = fc.sample(fc.constantFrom("o'neil", 'ann', 'ann '), { numRuns: 300, seed: 5 });
    const rows = ids.map((userId, i) => ({
      timestamp: 1_767_225_600 + i * 7,
      userId,
      sessionId: `s${i % 3}`,
      videoId: 'v "3"',
      eventName: i % 2 === 0 ? 'play' : 'pause',
      currentTime: (i * 5) % 60,
    }));
    writeText(
      join(lake, 'a.ndjson'),
      rows
        .slice(0, 150)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(''),
    );
    const second = writeText(
      join(folder, '_b.ndjson'),
      rows
        .slice(150)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(''),
    );
    await withDatabase((database) =>
      database.run(`COPY (SELECT * FROM read_json('${second}')) TO '${lake}/b.parquet'`),
    );
    const found = await runRows('lake run', { inputs: [lake] });
    for (const userId of ["o'neil", 'ann', 'ann ']) {
      const { row } = await explain({ ...common, inputs: [lake] }, { userId, videoId: 'v "3"' });
      expect(row).toEqual(found.get(`${userId}/v "3"`));
    }
  });

  it.each(['events.csv', 'events.ndjson', 'events.json', 'events.csv.gz'])(
    'leaves out lines of %s that cannot be read, as run does',
    async (name) => {
      const times = ['2026-01-05T08:00:00Z', '2026-01-05T08:00:30Z', '2026-01-05T08:01:00Z'];
      const lines = times.map((timestamp, i) =>
        name.includes('.csv')
          ? `${timestamp},ann,s,v,${i % 2 === 0 ? 'play' : 'pause'},${i * 30}`
          : JSON.stringify({
              timestamp,
              userId: 'ann',
              sessionId: 's',
              videoId: 'v',
              eventName: i % 2 === 0 ? 'play' : 'pause',
              currentTime: i * 30,
            }),
      );
      const text = name.includes('.csv')
        ? [
            'timestamp,userId,sessionId,videoId,eventName,currentTime',
            lines[0],
            'x,"broken" y',
            ...lines.slice(1),
          ]
        : name === 'events.json'
          ? [`[${lines[0]}, 7, ${lines[1]}, ${lines[2]}]`]
          : [lines[0], '{"timestamp": "2026-01', ...lines.slice(1)];
      const plain = `${text.join('\n')}\n`;
      const input = join(folder, `broken-${name}`);
      writeFileSync(input, name.endsWith('.gz') ? gzipSync(plain) : plain);
      const found = await runRows(`broken ${name}`, { inputs: [input] });
      const ask = (userId: string) => explain({ ...common, inputs: [input] }, { userId, videoId: 'v' });
      expect((await ask('ann')).row).toEqual(found.get('ann/v'));
      await expect(ask('anna')).rejects.toThrow(/the nearest users of video 'v' are 'ann'\.$/);
    },
  );

  it('reads standard input once', () => {
    const { stdout, stderr, code } = playfold(
      ['explain', '-', '--videos', videos, '--user', 'chen', '--video', 'video_001', '--json'],
      { inputPath: inputs[0]! },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout).events).toHaveLength(3);
  });
});
