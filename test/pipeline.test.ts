import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../dist/config/schema.js';
import { runPipeline } from '../dist/pipeline.js';
import { StoppedError } from '../dist/progress-counters.js';
import { type RunOptions, resolveOptions, type WorkSizes } from '../dist/run-options.js';
import { quoteText } from '../src/duckdb.ts';
import { DEFAULT_THRESHOLDS, foldReference } from '../src/kernel/reference.ts';
import { readResult, temporaryFolder, withDatabase, writeText } from './built-cli.ts';
import { rawRow, toNdjson } from './raw-rows.ts';
import { readReference } from './reference-input.ts';
import { finishRows } from './reference-output.ts';

// The build, because a worker cannot load TypeScript on Node 20.
const folder = temporaryFolder();
// Its own, so that what a run leaves behind is seen.
const temporary = join(folder, '_temporary');
mkdirSync(temporary);
process.env.TMPDIR = temporary;

const videos = new Map([
  ['v1', { duration: 300, title: 'First' }],
  ['v2', { duration: null, title: "Second's" }],
]);
const videosPath = writeText(
  join(folder, 'videos.csv'),
  `videoId,duration,title\nv1,300,First\nv2,,Second's\nv9,60,Unwatched\n`,
);

let runs = 0;

async function run(options: Omit<RunOptions, 'out'>, sizes: WorkSizes = {}) {
  const out = join(folder, `out-${++runs}`);
  return {
    out,
    summary: await runPipeline(resolveOptions({ threads: 1, memory: '512MB', ...options, out }, sizes)),
  };
}

describe('a run in this process', () => {
  it('equals the plain reference in every column and count', async () => {
    let inputs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(rawRow, { minLength: 1, maxLength: 150 }),
        fc.constantFrom('normalized' as const, 'points' as const),
        fc.boolean(),
        async (rows, formula, uniqueSeconds) => {
          const config = { engagement: { formula } };
          const input = writeText(join(folder, `random-${++inputs}.ndjson`), toNdjson(rows));
          const expected = readReference(rows);
          const { out, summary } = await run({ inputs: [input], videos: videosPath, uniqueSeconds, config });
          expect(summary.events).toMatchObject({
            read: rows.length,
            kept: expected.events.length,
            unknownEventNames: expected.unknownEventNames,
          });
          expect(summary.events.invalidByReason).toMatchObject(expected.invalid);
          const folded = foldReference(expected.events, DEFAULT_THRESHOLDS);
          const finished = finishRows(folded, videos, parseConfig(config, 'test'), uniqueSeconds);
          const written = await readResult(out);
          expect(written).toEqual(finished);
          expect(Object.keys(written[0] ?? {})).toEqual(Object.keys(finished[0] ?? {}));
        },
      ),
      { numRuns: 35, seed: 20260103 },
    );
  });

  it('names two users that have one hash, and publishes nothing', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({
      timestamp: '2026-01-01T00:00:00Z',
      userId: `user ${i}`,
      sessionId: `session ${i}`,
      videoId: 'v1',
      eventName: 'play',
      currentTime: 0,
      fromTime: null,
    }));
    const input = writeText(join(folder, 'collision.ndjson'), toNdjson(rows));
    await expect(run({ inputs: [input] }, { idHashBits: 6 })).rejects.toThrow(
      /two values of userId have the same 64-bit hash.*'user \d+' and 'user \d+'/,
    );
    expect(readdirSync(folder)).not.toContain(`out-${runs}`);
    await expect(run({ inputs: [input] })).resolves.toMatchObject({ summary: { result: { rows: 60 } } });
  });

  it('stops when its signal fires, and leaves nothing behind', async () => {
    const input = writeText(
      join(folder, 'stop.ndjson'),
      toNdjson(fc.sample(rawRow, { numRuns: 100, seed: 1 })),
    );
    const abort = new AbortController();
    const options = { inputs: [input], signal: abort.signal, onProgress: () => abort.abort() };
    await expect(run(options)).rejects.toThrow(StoppedError);
    expect(readdirSync(folder).filter((name) => name.includes(`out-${runs}`))).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe('the content hash', () => {
  const rows = fc.sample(rawRow, { numRuns: 6000, seed: 7 });
  const half = rows.length / 2;
  const forward = [
    join(folder, 'half-1.ndjson'),
    join(folder, 'half-2.parquet'),
    join(folder, 'half-1-again.csv'),
  ];
  let expected = '';

  beforeAll(async () => {
    writeText(forward[0]!, toNdjson(rows.slice(0, half)));
    const second = writeText(join(folder, '_second.ndjson'), toNdjson(rows.slice(half)));
    await withDatabase(async (database) => {
      const text = `{timestamp: 'VARCHAR', userId: 'VARCHAR', sessionId: 'VARCHAR', videoId: 'VARCHAR', eventName: 'VARCHAR', currentTime: 'DOUBLE', fromTime: 'DOUBLE'}`;
      await database.run(
        `COPY (SELECT * REPLACE (timestamp::TIMESTAMPTZ AS timestamp) FROM read_json(${quoteText(second)}, columns = ${text}))
         TO ${quoteText(forward[1]!)} (ROW_GROUP_SIZE 2048)`,
      );
      await database.run(
        `COPY (SELECT * FROM read_json(${quoteText(forward[0]!)}, columns = ${text})) TO ${quoteText(forward[2]!)} (HEADER)`,
      );
    });
    expected = (await run({ inputs: forward.slice(0, 2) })).summary.contentHash;
  });

  const cuts: readonly (readonly [string, Partial<RunOptions>, WorkSizes])[] = [
    ['files in another order', { inputs: [forward[1]!, forward[0]!] }, {}],
    ['CSV in place of NDJSON', { inputs: [forward[2]!, forward[1]!] }, {}],
    ['two workers', { threads: 2 }, { rowsPerWorker: 1 }],
    ['four workers and spilled batches', { threads: 4 }, { rowsPerWorker: 1, heldLimitBytes: 0 }],
    ['one partition of one bin', {}, { partitionBits: 0, binsPerPartition: 1 }],
    ['64 partitions of eight bins', {}, { partitionBits: 6, binsPerPartition: 8 }],
    ['many bins, spilled', {}, { binsPerPartition: 64, heldLimitBytes: 0, roundRows: 2048 }],
    ['short rounds', {}, { roundRows: 2048 }],
    ['everything spilled', {}, { heldLimitBytes: 0, roundRows: 2048 }],
    ['some of it spilled', {}, { heldLimitBytes: 60_000, roundRows: 2048 }],
    ['partitions folded in several passes', {}, { maxEventsAtOnce: 100 }],
    ['several passes over spilled batches', {}, { maxEventsAtOnce: 500, heldLimitBytes: 0, roundRows: 2048 }],
    ['the largest budget', { memory: '4GB' }, {}],
    ['daily partitions', { partitionBy: 'day' }, {}],
    ['no partitions', { partitionBy: 'none' }, {}],
    ['eight buckets', { partitionBy: 'bucket:8' }, {}],
    ['users joined one range at a time', {}, { partitionBits: 3, usersAtOnce: 1 }],
    ['the same in daily partitions', { partitionBy: 'day' }, { partitionBits: 2, usersAtOnce: 1 }],
    ['the same without partitions', { partitionBy: 'none' }, { partitionBits: 2, usersAtOnce: 1 }],
  ];

  it.each(cuts)('is the same for %s', async (_, options, sizes) => {
    const { summary } = await run({ inputs: forward.slice(0, 2), ...options }, sizes);
    expect(summary.contentHash).toBe(expected);
    expect(summary.spilledBytes > 0).toBe(sizes.heldLimitBytes !== undefined);
  });

  it('is another one when a single event is missing', async () => {
    const input = writeText(join(folder, 'fewer.ndjson'), toNdjson(rows.slice(1, half)));
    const whole = (await run({ inputs: [forward[0]!] })).summary;
    const fewer = (await run({ inputs: [input] })).summary;
    expect(fewer.contentHash).not.toBe(whole.contentHash);
  });
});
