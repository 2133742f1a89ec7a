import fc from 'fast-check';
import type { FoldThresholds, ReferenceEvent } from '../src/kernel/reference.ts';

const START_US = 1_767_225_600_000_000n; // 2026-01-01

/** Steps between events: ties, ordinary playback, and gaps on both sides of the session timeout. */
const stepUs = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 120_000_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1_799_999_999, max: 1_800_000_002 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1_800_000_001, max: 2_000_000_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -300_000_000, max: -1 }) },
);

const positionUs = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 60 }).map((step) => step * 5_000_000) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 400_000_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 10_000_000_000_000) },
);

const rawEvent = fc.record({
  user: fc.nat(2),
  video: fc.nat(2),
  session: fc.nat(1),
  stepUs,
  eventClass: fc.constantFrom(0, 0, 1, 2, 3, 3, 4, 5, 5),
  positionUs,
  fromUs: fc.option(positionUs, { freq: 3 }),
  copies: fc.constantFrom(1, 1, 1, 1, 2, 3),
});

/** Streams of a few users, videos and sessions: ties, duplicates, seeks, progress, gaps, disorder; maybe empty. */
export const eventStream: fc.Arbitrary<ReferenceEvent[]> = fc
  .tuple(fc.array(rawEvent, { maxLength: 120, size: 'medium' }), fc.boolean())
  .map(([rawEvents, withFrom]) => {
    let timestampUs = START_US;
    return rawEvents.flatMap(({ copies, ...raw }) => {
      timestampUs += BigInt(raw.stepUs);
      const event: ReferenceEvent = {
        userId: `user ${raw.user}`,
        videoId: `video ${raw.video}`,
        sessionId: `session ${raw.session}`,
        timestampUs,
        eventClass: raw.eventClass,
        positionUs: BigInt(raw.positionUs),
        fromUs: withFrom && raw.fromUs !== null ? BigInt(raw.fromUs) : null,
      };
      return Array.from({ length: copies }, () => event);
    });
  });

const seconds = (max: number) => fc.integer({ min: 0, max }).map((value) => BigInt(value) * 1_000_000n);

/** Thresholds at, around and far from their defaults. */
export const foldThresholds: fc.Arbitrary<FoldThresholds> = fc.record({
  maxSegmentUs: seconds(14_400),
  maxPlaybackRate: fc.constantFrom(0.1, 0.5, 1, 1.25, 2, 64),
  toleranceUs: seconds(20),
  forwardSkipUs: seconds(30),
  backwardSkipUs: seconds(30),
  sessionTimeoutUs: fc.constantFrom(0n, 1_000_000n, 1_800_000_000n, 1_800_000_001n),
});
