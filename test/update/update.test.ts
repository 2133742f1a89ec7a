import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SampleEvent } from '../../src/sample/scenarios.ts';
import { readResult, writeText } from '../built-cli.ts';
import { countCarries, runWhole, toNdjson, update, updateFolder } from './updates.ts';

const folder = updateFolder();

const START_MS = Date.UTC(2026, 0, 30, 22);
const NAMES = [
  'play',
  'play',
  'resume',
  'pause',
  'pause',
  'end',
  'seek',
  'progress',
  'progress',
  'unheard_of',
];

/** Steps between rows: playback, gaps around the session timeout, nights, and time that goes back. */
const stepMs = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 60 }).map((steps) => steps * 2500) },
  { weight: 2, arbitrary: fc.constantFrom(1_800_000, 1_800_001, 3_600_000) },
  { weight: 2, arbitrary: fc.constantFrom(8 * 3_600_000, 20 * 3_600_000) },
);

const NEVER_UNITED = { factor: 0, least: 0 };

interface HistoryRow {
  readonly event: SampleEvent;
  /** How many files later than its time this row comes. */
  readonly delay: number;
}

/** A history in order of time, of few users, videos and sessions that run on for days. */
const history: fc.Arbitrary<HistoryRow[]> = fc
  .array(
    fc.record({
      stepMs,
      userId: fc.constantFrom('ann', 'ann', 'bob', "o'neil", null),
      sessionId: fc.constantFrom('s1', 's1', 's1', 's2'),
      videoId: fc.constantFrom('v1', 'v1', 'v2', 'v3'),
      eventName: fc.constantFrom(...NAMES),
      // Mostly where playing on since the step before would be.
      position: fc.oneof(
        { weight: 3, arbitrary: fc.constant(null) },
        { weight: 2, arbitrary: fc.integer({ min: 0, max: 60 }).map((step) => step * 5) },
      ),
      fromTime: fc.option(fc.integer({ min: 0, max: 300 }), { freq: 3 }),
      delays: fc.constantFrom(
        [0],
        [0],
        [0],
        [0],
        [0],
        [0],
        [0],
        [0],
        [0],
        [0],
        [1],
        [2],
        [0, 0],
        [0, 1],
        [0, 3],
      ),
    }),
    { minLength: 1, maxLength: 120, size: 'max' },
  )
  .map((steps) => {
    let atMs = START_MS;
    let playing = 0;
    return steps.flatMap(({ stepMs: step, position, delays, ...row }) => {
      atMs += step;
      playing = position ?? (playing + Math.min(step / 1000, 200)) % 5000;
      const event = { ...row, timestamp: new Date(atMs).toISOString(), currentTime: playing };
      return delays.map((delay) => ({ event, delay }));
    });
  });

/** Deals the rows of a history to files and the files to updates; rows with a delay come late. */
function deal(
  rows: readonly HistoryRow[],
  fileCount: number,
  updateOf: readonly number[],
): SampleEvent[][][] {
  const files: SampleEvent[][] = Array.from({ length: fileCount }, () => []);
  for (const [i, { event, delay }] of rows.entries()) {
    const file = Math.floor((i / rows.length) * fileCount) + delay;
    files[Math.min(file, fileCount - 1)]!.push(event);
  }
  const updates: SampleEvent[][][] = [];
  for (const [file, lines] of files.entries()) {
    const isSame = file > 0 && updateOf[file] === updateOf[file - 1];
    if (isSame) updates.at(-1)!.push(lines);
    else updates.push([lines]);
  }
  return updates;
}

const videosPath = writeText(
  join(folder, 'videos.csv'),
  'videoId,duration,title\nv1,300,First\nv2,,Second\n',
);

let cases = 0;

it('equals one run over all events, however they are dealt to files and updates', async () => {
  let lateEvents = 0;
  let updates = 0;
  let carrying = 0;
  let carryingInFiles = 0;
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.array(fc.constantFrom(0, 1, 2), { minLength: 2, maxLength: 6, size: 'max' }),
      fc.record({
        lateness: fc.constantFrom(0, 60, 3600, 3600),
        sessionTimeoutSeconds: fc.constantFrom(1800, 1800, 60, 0),
        partitionBy: fc.constantFrom('month', 'month', 'day', 'none', 'bucket:3'),
        uniqueSeconds: fc.constantFrom(true, true, false),
        videos: fc.constantFrom(videosPath, undefined),
        carryGrowth: fc.constantFrom(NEVER_UNITED, NEVER_UNITED, { factor: 2, least: 0 }, undefined),
        leastRanks: fc.constantFrom(0, 1, undefined),
        mostChanged: fc.constantFrom(1, 1, undefined),
      }),
      async (
        rows,
        updateOf,
        { lateness, sessionTimeoutSeconds, carryGrowth, leastRanks, mostChanged, ...options },
      ) => {
        const base = join(folder, `case-${++cases}`);
        const config = { sessionTimeoutSeconds };
        const inputs = join(base, 'events');
        const out = join(base, 'updated');
        let inputFiles = 0;
        let hash = '';
        let tables: unknown;
        let result: unknown;
        for (const batch of deal(rows, updateOf.length, updateOf)) {
          for (const lines of batch) writeText(join(inputs, `${++inputFiles}.ndjson`), toNdjson(lines));
          const summary = await update(
            { ...options, inputs: [inputs], out, config, lateness, allowEmpty: true },
            { carryGrowth, medianWindows: { leastRanks, mostChanged } },
          );
          const files = countCarries(out);
          if (files.length > 0) carrying++;
          if (files.length > 1) carryingInFiles++;
          hash = summary.contentHash;
          tables = summary.tables;
          result = summary.result;
          updates++;
          lateEvents += summary.update?.late.events ?? 0;
        }
        const whole = join(base, 'whole');
        const expected = await runWhole({
          ...options,
          inputs: [inputs],
          out: whole,
          config,
          allowEmpty: true,
        });
        if (hash !== expected.contentHash) expect(await readResult(out)).toEqual(await readResult(whole));
        expect(hash).toBe(expected.contentHash);
        expect(tables).toEqual(expected.tables);
        expect(result).toEqual(expected.result);
      },
    ),
    { numRuns: 13, seed: 20260110 },
  );
  expect(updates).toBeGreaterThan(25);
  expect(lateEvents).toBeGreaterThan(12);
  expect(carrying).toBeGreaterThan(12);
  expect(carryingInFiles).toBeGreaterThan(3);
});
