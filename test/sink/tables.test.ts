import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runPipeline } from '../../dist/pipeline.js';
import { type RunOptions, resolveOptions, type WorkSizes } from '../../dist/run-options.js';
import { CLASS_PAUSE, CLASS_PLAY } from '../../src/kernel/layout.ts';
import { DEFAULT_THRESHOLDS, type ReferenceEvent, recordReference } from '../../src/kernel/reference.ts';
import { TABLE_NAMES } from '../../src/sink/tables/names.ts';
import { CLASS_NAMES, CLASS_RANKS } from '../../src/source/event-classes.ts';
import { readTable, temporaryFolder, writeText } from '../built-cli.ts';
import { eventStream } from '../event-streams.ts';
import { retentionRows, segmentRows, sessionRows, videoRows } from '../reference-tables.ts';

const folder = temporaryFolder();
/** The durations of some videos are known before the fold, and those of others, such as video 2, come of it. */
const videos = writeText(
  join(folder, 'videos.csv'),
  `videoId,duration,title
video 0,300,Short\nvideo 1,725.5,Long\nvideo 1 3,,Untimed\n${[0, 1, 2, 3, 4].map((i) => `video 0 ${i},${i * 190.3},Some\n`).join('')}`,
);
let runs = 0;

function toNdjson(events: readonly ReferenceEvent[]): string {
  const names = new Map(CLASS_NAMES.map((name) => [CLASS_RANKS[name], name]));
  return events
    .map(({ userId, videoId, sessionId, timestampUs, eventClass, positionUs, fromUs }) => {
      const row = {
        userId,
        videoId,
        sessionId,
        timestamp: Number(timestampUs),
        eventName: names.get(eventClass),
      };
      const fromTime = fromUs === null ? null : Number(fromUs) / 1e6;
      return `${JSON.stringify({ ...row, currentTime: Number(positionUs) / 1e6, fromTime })}\n`;
    })
    .join('');
}

async function run(
  events: readonly ReferenceEvent[],
  options: Partial<RunOptions> = {},
  sizes: WorkSizes = {},
) {
  const out = join(folder, `out-${++runs}`);
  const inputs = [writeText(join(folder, `events-${runs}.ndjson`), toNdjson(events))];
  const summary = await runPipeline(
    resolveOptions(
      {
        inputs,
        videos,
        out,
        tables: [...TABLE_NAMES],
        threads: 1,
        memory: '512MB',
        allowEmpty: true,
        ...options,
      },
      sizes,
    ),
  );
  return { out, summary };
}

/** Rows without sessionKey, in an order of their own. */
const inOrder = (rows: readonly Record<string, unknown>[]): string[] =>
  rows.map(({ sessionKey, ...row }) => JSON.stringify(row)).sort();

describe('the tables beside engagement', () => {
  it('equal the plain reference in every column', async () => {
    await fc.assert(
      fc.asyncProperty(
        eventStream,
        fc.constantFrom('none', 'month', 'day', 'bucket:3'),
        async (events, partitionBy) => {
          const { out } = await run(events, { partitionBy });
          const records = recordReference(events, DEFAULT_THRESHOLDS);
          const engagement = await readTable(out, 'engagement', 'userId, videoId');
          expect(inOrder(await readTable(out, 'sessions', 'userId'))).toEqual(inOrder(sessionRows(records)));
          expect(inOrder(await readTable(out, 'segments', 'userId'))).toEqual(inOrder(segmentRows(records)));
          expect(await readTable(out, 'videos', 'videoId')).toEqual(videoRows(engagement));
          const durations = new Map(
            engagement.flatMap(({ videoId, videoDuration }) =>
              videoDuration === null ? [] : [[String(videoId), Number(videoDuration)] as const],
            ),
          );
          expect(await readTable(out, 'retention', 'videoId, bucket')).toEqual(
            retentionRows(records.plays, durations),
          );
        },
      ),
      { numRuns: 6, seed: 20260701 },
    );
  });

  it('count views by the most watched moment of a bucket, however segments lie in it', async () => {
    const segment = fc.record({
      user: fc.nat(1),
      video: fc.nat(2),
      start: fc.integer({ min: 0, max: 40 }),
      length: fc.integer({ min: 1, max: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { minLength: 50, maxLength: 60 }), async (segments) => {
        const played = segments.flatMap(({ user, video, start, length }, i): ReferenceEvent[] =>
          [
            [CLASS_PLAY, start],
            [CLASS_PAUSE, start + length],
          ].map(([eventClass, position], step) => ({
            userId: `user ${user}`,
            videoId: `video ${video}`,
            sessionId: 's',
            timestampUs: 1_767_225_600_000_000n + BigInt(i * 2 + step) * 9_000_000n,
            eventClass: eventClass!,
            positionUs: BigInt(position!) * 100_000n,
            fromUs: null,
          })),
        );
        const { out } = await run(played, { tables: ['retention'] });
        const { plays } = recordReference(played, DEFAULT_THRESHOLDS);
        const rows = await readTable(out, 'engagement', 'userId');
        const durations = new Map(
          rows.map((row) => [String(row.videoId), Number(row.videoDuration)] as const),
        );
        expect(await readTable(out, 'retention', 'videoId, bucket')).toEqual(retentionRows(plays, durations));
      }),
      { numRuns: 4, seed: 20260702 },
    );
  });

  const events = fc.sample(eventStream, { numRuns: 60, seed: 9 }).flatMap((stream, i) =>
    stream.map((event) => ({
      ...event,
      userId: `${event.userId} ${i}`,
      videoId: `${event.videoId} ${i % 7}`,
    })),
  );

  it.each<[string, Partial<RunOptions>, WorkSizes]>([
    ['two workers', { threads: 2 }, { rowsPerWorker: 1 }],
    ['everything spilled', {}, { heldLimitBytes: 0, roundRows: 2048 }],
    ['partitions folded in several passes', {}, { maxEventsAtOnce: 100 }],
    ['the smallest memory, where no video has an array', { memory: '256MB' }, { retentionBytes: 0 }],
    ['an array for some videos only', {}, { retentionBytes: 40_000 }],
    ['videos added up in parts', {}, { videoSumsBytes: 10_000 }],
    ['videos added up in their order', {}, { fewVideos: 0, videoSumsBytes: 10_000 }],
    ['daily partitions', { partitionBy: 'day' }, { partitionBits: 3 }],
  ])('are the same for %s', async (_, options, sizes) => {
    const expected = (await run(events)).summary.tables;
    expect(expected.map(({ name }) => name)).toEqual(TABLE_NAMES);
    expect((await run(events, options, sizes)).summary.tables).toEqual(expected);
  });

  it('stand in the manifest with rows, bytes and sha256 of every file', async () => {
    const { out, summary } = await run(events);
    const { files } = JSON.parse(readFileSync(join(out, '_run.json'), 'utf8')) as {
      files: { path: string; rows: number; bytes: number; sha256: string }[];
    };
    for (const { name, rows } of summary.tables) {
      const own = files.filter(({ path }) => path.startsWith(`${name}/`));
      expect([name, own.reduce((sum, file) => sum + file.rows, 0)]).toEqual([name, rows]);
      for (const file of own) expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(
      summary.checks.filter(({ name }) => /^(videos|sessions|retention|segments): /.test(name)),
    ).toHaveLength(24);
  });

  it('are videos alone unless others are asked for, and empty files where there are no rows', async () => {
    const { out } = await run([], { tables: undefined });
    expect(readdirSync(out).sort()).toEqual(['_run.json', 'engagement', 'videos']);
    const empty = (await run([])).out;
    for (const name of TABLE_NAMES) expect(await readTable(empty, name, '1')).toEqual([]);
  });
});

describe('the option tables', () => {
  const resolve = (options: object) => resolveOptions({ inputs: ['events'], out: 'out', ...options });

  it('is engagement and videos where nothing is said', () => {
    expect(resolve({}).tables).toEqual(['engagement', 'videos']);
  });

  it.each([
    [{ tables: ['sesions'] }, /'tables\.0': expected one of engagement, videos, .* did you mean 'sessions'/],
    [{ tables: ['retention'], uniqueSeconds: false }, /retention is made from the watched ranges/],
  ])('%j is refused', (options, message) => {
    expect(() => resolve(options)).toThrow(message);
  });
});
