import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FoldKernel } from '../../src/kernel/fold-kernel.ts';
import {
  BUCKET_BITS,
  CLASS_PAUSE,
  CLASS_PLAY,
  POSITION_BITS,
  TIMES_BEHIND,
  TIMES_BITS,
} from '../../src/kernel/layout.ts';
import {
  DEFAULT_THRESHOLDS,
  type FoldThresholds,
  type PlayRow,
  type ReferenceEvent,
  recordReference,
} from '../../src/kernel/reference.ts';
import { VideoBuckets } from '../../src/kernel/video-buckets.ts';
import { eventStream, foldThresholds } from '../event-streams.ts';
import { retentionRows } from '../reference-tables.ts';
import { type Cut, foldWithKernel, hashText, kernels, oneCut } from './kernel-fold.ts';

/** What the kernel says of one pair: from each place on, how often it saw the video. */
interface PairViews {
  readonly video: bigint;
  readonly steps: (readonly [place: bigint, times: bigint])[];
}

/** Takes words apart as layout.ts draws them. */
function readViews(fold: FoldKernel, name: 'bucketViews' | 'positionViews'): PairViews[] {
  const [wordBits, placeBits] = name === 'bucketViews' ? [32, BUCKET_BITS] : [64, POSITION_BITS];
  const words = Array.from(fold.records(name).columns[0]!, BigInt);
  const pairs: PairViews[] = [];
  while (words.length > 0) {
    const pair: PairViews = { video: BigInt.asUintN(wordBits, words.shift()!), steps: [] };
    for (let isLast = false; !isLast; ) {
      const word = words.shift()!;
      isLast = word < 0n;
      const times = BigInt.asUintN(TIMES_BITS, word >> BigInt(placeBits));
      const isBehind = times === BigInt(TIMES_BEHIND);
      pair.steps.push([BigInt.asUintN(placeBits, word), isBehind ? words.shift()! : times]);
    }
    pairs.push(pair);
  }
  return pairs;
}

const durations = new Map([
  ['video 0', 300],
  ['video 1', 725.5],
  ['video 2', 0.4],
]);

/** The videos of `durations` among others, so that they share places of the hash table. */
function videosAmong(known: ReadonlyMap<string, number>): VideoBuckets {
  const all = new Map([...Array.from({ length: 500 }, (_, i) => [`other ${i}`, 60] as const), ...known]);
  return new VideoBuckets([...all.keys()].map(hashText), [...all.values()]);
}

function viewsOf(
  module: WebAssembly.Module,
  events: readonly ReferenceEvent[],
  thresholds: FoldThresholds,
  cut: Cut,
  known: ReadonlyMap<string, number>,
): { byBucket: PairViews[]; byPosition: PairViews[] } {
  const videos = videosAmong(known);
  const [byBucket, byPosition]: [PairViews[], PairViews[]] = [[], []];
  const onFold = (fold: FoldKernel): void => {
    const own = readViews(fold, 'bucketViews');
    byBucket.push(...own.map((pair) => ({ ...pair, video: videos.hashes[Number(pair.video)]! })));
    byPosition.push(...readViews(fold, 'positionViews'));
  };
  const records = ['bucketViews', 'positionViews'] as const;
  foldWithKernel(module, events, thresholds, { ...cut, records, videos: videos.arrays, onFold });
  return { byBucket, byPosition };
}

/** Viewers, views and ends of each bucket of each known video. */
function sumBuckets(pairs: readonly PairViews[]): Map<string, [number, number, number]> {
  const ids = new Map([...durations.keys()].map((id) => [hashText(id), id]));
  const sums = new Map<string, [number, number, number]>();
  for (const { video, steps } of pairs)
    for (const [i, [place, times]] of steps.entries()) {
      const end = Number(steps[i + 1]?.[0] ?? place);
      for (let bucket = Number(place); bucket < end && times > 0n; bucket++) {
        const key = `${ids.get(video)} ${bucket}`;
        const [viewers, views, ends] = sums.get(key) ?? [0, 0, 0];
        const isEnd = i === steps.length - 2 && bucket === end - 1;
        sums.set(key, [viewers + 1, views + Number(times), ends + (isEnd ? 1 : 0)]);
      }
    }
  return sums;
}

/** At each position of each video, by how much the views of all users change. */
function changesOf(
  spans: readonly (readonly [video: bigint, from: bigint, end: bigint, times: bigint])[],
): Map<string, bigint> {
  const changes = new Map<string, bigint>();
  const add = (key: string, change: bigint): unknown => changes.set(key, (changes.get(key) ?? 0n) + change);
  for (const [video, from, end, times] of spans) {
    add(`${video} ${from}`, times);
    add(`${video} ${end}`, -times);
  }
  return new Map([...changes].filter(([, change]) => change !== 0n).sort());
}

const spansOf = ({ video, steps }: PairViews) =>
  steps.slice(1).map(([end], i) => [video, steps[i]![0], end, steps[i]![1]] as const);
const playSpan = ({ videoId, startUs, endUs }: PlayRow) => [hashText(videoId), startUs, endUs, 1n] as const;

const cut: fc.Arbitrary<Cut> = fc.record({
  chunkRows: fc.constant(64),
  roundRows: fc.constant(2048),
  partitionBits: fc.constantFrom(0, 3),
  binsPerPartition: fc.constantFrom(1, 4),
  shareCount: fc.constantFrom(1, 3),
});

describe.each(Object.entries(kernels))('the views that the %s kernel records', (_, module) => {
  it('of videos with known buckets are those that a look at each bucket counts', () => {
    fc.assert(
      fc.property(eventStream, foldThresholds, cut, (events, thresholds, sizes) => {
        const { byBucket, byPosition } = viewsOf(module, events, thresholds, sizes, durations);
        expect(byPosition).toEqual([]);
        const { plays } = recordReference(events, thresholds);
        const expected = retentionRows(plays, durations).map(
          ({ videoId, bucket, viewers, views, viewersEnded }) =>
            [`${videoId} ${bucket}`, [viewers, views, viewersEnded]] as const,
        );
        expect([...sumBuckets(byBucket)].sort()).toEqual(expected.sort());
      }),
      { numRuns: 40, seed: 20260603 },
    );
  });

  it('of other videos change where a segment starts or ends', () => {
    fc.assert(
      fc.property(eventStream, foldThresholds, cut, (events, thresholds, sizes) => {
        const { byBucket, byPosition } = viewsOf(module, events, thresholds, sizes, new Map());
        expect(byBucket).toEqual([]);
        const { plays } = recordReference(events, thresholds);
        expect(changesOf(byPosition.flatMap(spansOf))).toEqual(changesOf(plays.map(playSpan)));
      }),
      { numRuns: 40, seed: 20260604 },
    );
  });

  it('of a pair are steps that ascend, the last of them to 0', () => {
    fc.assert(
      fc.property(eventStream, foldThresholds, cut, (events, thresholds, sizes) => {
        const some = new Map([['video 0', 100]]);
        const { byBucket, byPosition } = viewsOf(module, events, thresholds, sizes, some);
        const { plays } = recordReference(events, thresholds);
        expect(byBucket.length + byPosition.length).toBe(
          new Set(plays.map(({ userId, videoId }) => `${userId} ${videoId}`)).size,
        );
        for (const { steps } of [...byBucket, ...byPosition]) {
          expect(steps.every(([place], i) => i === 0 || place > steps[i - 1]![0])).toBe(true);
          expect([steps[0]![1] > 0n, steps.at(-1)![1]]).toEqual([true, 0n]);
        }
      }),
      { numRuns: 20, seed: 20260605 },
    );
  });

  it('of a scene seen more often than a word can say stand in the next word', () => {
    const times = TIMES_BEHIND + 1;
    const events = Array.from(
      { length: times * 2 },
      (_, i): ReferenceEvent => ({
        userId: 'user',
        videoId: 'video 0',
        sessionId: 'session',
        timestampUs: BigInt(i) * 10_000_000n,
        eventClass: i % 2 === 0 ? CLASS_PLAY : CLASS_PAUSE,
        // The first one goes on alone.
        positionUs: i % 2 === 0 ? 3_000_000n : i === 1 ? 9_000_000n : 5_500_000n,
        fromUs: null,
      }),
    );
    const many = BigInt(times);
    const { byBucket } = viewsOf(module, events, DEFAULT_THRESHOLDS, oneCut, durations);
    expect(byBucket.map(({ steps }) => steps)).toEqual([
      [
        [3n, many],
        [6n, 1n],
        [9n, 0n],
      ],
    ]);
    const { byPosition } = viewsOf(module, events, DEFAULT_THRESHOLDS, oneCut, new Map());
    expect(byPosition.map(({ steps }) => steps)).toEqual([
      [
        [3_000_000n, many],
        [5_500_000n, 1n],
        [9_000_000n, 0n],
      ],
    ]);
  });
});
