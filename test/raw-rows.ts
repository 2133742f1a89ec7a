import fc from 'fast-check';
import type { SampleEvent } from '../src/sample/scenarios.ts';

const CLASS_EVENTS = ['pause', 'END', ' seek ', 'video_play', 'Resume', 'timeupdate', 'unheard_of', null];

/** Raw rows: mostly good ones, of a few users, with ties, duplicates and every kind of invalid row. */
export const rawRow: fc.Arbitrary<SampleEvent> = fc.record({
  timestamp: fc.option(
    fc
      .integer({ min: 0, max: 4000 })
      .map((step) => new Date(Date.UTC(2026, 0, 31, 22) + step * 2500).toISOString()),
    { freq: 30 },
  ),
  userId: fc.constantFrom('ann', 'ann', 'bob', "o'neil", 'ann ', '', null),
  sessionId: fc.constantFrom('s1', 's1', 's2', 's2', null),
  videoId: fc.constantFrom('v1', 'v1', 'v2', 'v2', 'v "3"', null),
  eventName: fc.constantFrom(...CLASS_EVENTS, ...CLASS_EVENTS.slice(0, 6), ...CLASS_EVENTS.slice(0, 6)),
  currentTime: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 0, max: 4000 }).map((step) => step / 8) },
    { weight: 1, arbitrary: fc.constantFrom(-1, 1e7, 1e7 + 1, 0.0000005, null) },
  ),
  fromTime: fc.option(fc.integer({ min: 0, max: 400 }), { freq: 3 }),
});

/** One JSON object a line. */
export const toNdjson = (rows: readonly SampleEvent[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');
