import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_THRESHOLDS, foldReference, type ReferenceEvent } from '../../src/kernel/reference.ts';
import { eventStream, foldThresholds } from '../event-streams.ts';
import { type Cut, foldWithKernel, kernels, oneCut } from './kernel-fold.ts';

const cut: fc.Arbitrary<Cut> = fc.record({
  chunkRows: fc.constantFrom(1, 2, 7, 64, 2048),
  roundRows: fc.constantFrom(2048, 4096),
  partitionBits: fc.constantFrom(0, 1, 3),
  binsPerPartition: fc.constantFrom(1, 2, 8),
  shareCount: fc.constantFrom(1, 2, 5),
});

describe.each(Object.entries(kernels))('the %s kernel', (_, module) => {
  it('folds random streams as the reference does, however the work is cut', () => {
    fc.assert(
      fc.property(eventStream, foldThresholds, cut, (events, thresholds, sizes) => {
        expect(foldWithKernel(module, events, thresholds, sizes)).toEqual(foldReference(events, thresholds));
      }),
      { numRuns: 300, seed: 20260101 },
    );
  });

  it('gives the same rows for any order of the input', () => {
    fc.assert(
      fc.property(
        eventStream.chain((events) =>
          fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
        ),
        ([events, shuffled]) => {
          expect(foldWithKernel(module, shuffled, DEFAULT_THRESHOLDS)).toEqual(
            foldWithKernel(module, events, DEFAULT_THRESHOLDS),
          );
        },
      ),
      { numRuns: 100, seed: 20260102 },
    );
  });

  it('sorts long sessions, in order, reversed and interleaved', () => {
    const event = (i: number): ReferenceEvent => ({
      userId: 'one',
      videoId: 'one',
      sessionId: 'one',
      timestampUs: 1_767_225_600_000_000n + BigInt(i) * 1_000_000n,
      eventClass: i % 7 === 0 ? 3 : 5,
      positionUs: BigInt(i % 1000) * 1_000_000n,
      fromUs: null,
    });
    const ordered = Array.from({ length: 5000 }, (__, i) => event(i));
    const expected = foldReference(ordered, DEFAULT_THRESHOLDS);
    const interleaved = [
      ...ordered.filter((__, i) => i % 2 === 0),
      ...ordered.filter((__, i) => i % 2 === 1),
    ];
    for (const events of [ordered, ordered.toReversed(), interleaved]) {
      expect(foldWithKernel(module, events, DEFAULT_THRESHOLDS, oneCut)).toEqual(expected);
    }
  });

  it('keeps positions and times at the ends of their ranges', () => {
    const at = (timestampUs: bigint, eventClass: number, positionUs: bigint): ReferenceEvent => ({
      ...{ userId: 'u', videoId: 'v', sessionId: 's', fromUs: null },
      timestampUs,
      eventClass,
      positionUs,
    });
    const events = [at(-(2n ** 60n) + 1n, 3, 0n), at(2n ** 60n - 1n, 0, 10_000_000_000_000n)];
    const thresholds = { ...DEFAULT_THRESHOLDS, maxSegmentUs: 10_000_000_000_000n, maxPlaybackRate: 64 };
    const rows = foldWithKernel(module, events, thresholds);
    expect(rows).toEqual(foldReference(events, thresholds));
    expect(rows[0]?.watchUs).toBe(10_000_000_000_000n);
  });

  it('gives no rows for no events', () => {
    expect(foldWithKernel(module, [], DEFAULT_THRESHOLDS)).toEqual([]);
  });
});
