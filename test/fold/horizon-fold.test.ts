import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readFoldedRows } from '../../src/exchange/batches.ts';
import type { Piece } from '../../src/exchange/exchange.ts';
import { HeldBytes } from '../../src/exchange/held-bytes.ts';
import type { CarryPlace } from '../../src/fold/carry-reader.ts';
import type { FoldResult } from '../../src/fold/fold.ts';
import { HorizonFolder } from '../../src/fold/horizon-fold.ts';
import type { OpenFragments } from '../../src/fold/horizon-split.ts';
import { EVENT_FROM_BYTES, FRAGMENT_BYTES } from '../../src/kernel/layout.ts';
import {
  DEFAULT_THRESHOLDS,
  foldReference,
  type PairRow,
  type ReferenceEvent,
  uniteRanges,
} from '../../src/kernel/reference.ts';
import { RunCounters } from '../../src/progress-counters.ts';
import { temporaryFolder } from '../built-cli.ts';
import { eventStream, foldThresholds } from '../event-streams.ts';
import {
  hashText,
  kernels,
  oneCut,
  type Partition,
  scanToPartitions,
  toPairRows,
  toThresholds,
} from '../kernel/kernel-fold.ts';
import { uniteAll, writeTable } from './carries.ts';

const folder = temporaryFolder();
const cut = { ...oneCut, partitionBits: 0 };

function piecesOf({ fragments, events }: Partition): Piece[] {
  return fragments.map((bytes, i) => {
    const memory = new SharedArrayBuffer(bytes.byteLength + events[i]!.byteLength);
    new Uint8Array(memory).set(bytes);
    new Uint8Array(memory).set(events[i]!, bytes.byteLength);
    return toPiece({
      memory,
      fragmentCount: bytes.byteLength / FRAGMENT_BYTES,
      eventCount: events[i]!.byteLength / EVENT_FROM_BYTES,
    });
  });
}

function toPiece(fragments: OpenFragments): Piece {
  return {
    ...fragments,
    path: '',
    fragmentsAt: 0,
    eventsAt: fragments.fragmentCount * FRAGMENT_BYTES,
    fragmentOffsetsAt: 0,
    eventOffsetsAt: 0,
    scale: null,
  };
}

function rowsOf({ places }: FoldResult): PairRow[] {
  const paths = new Set(places.filter(({ memory }) => memory === null).map(({ path }) => path));
  const bytes = [
    ...places.flatMap(({ memory }) => (memory === null ? [] : [new Uint8Array(memory)])),
    ...[...paths].map((path) => readFileSync(path)),
  ];
  return bytes.flatMap((part) => [...readFoldedRows(part)].flatMap(toPairRows));
}

/** What a state does with rows of one pair: sums, extremes, the union of ranges. */
function addRows(a: PairRow, b: PairRow): PairRow {
  const least = ['firstTimestampUs'];
  const most = ['lastTimestampUs', 'maxPositionUs', 'maxCreditedEndUs'];
  const ranges = uniteRanges([...a.ranges, ...b.ranges]);
  const merged = Object.entries(a).map(([name, value]) => {
    const other = b[name as keyof PairRow];
    if (name === 'ranges') return [name, ranges];
    if (name === 'uniqueUs') return [name, ranges.reduce((sum, [start, end]) => sum + end - start, 0n)];
    const [low, high] = value < other ? [value, other] : [other, value];
    if (least.includes(name)) return [name, low];
    if (most.includes(name)) return [name, high];
    return [name, typeof value === 'string' ? value : (value as bigint) + (other as bigint)];
  });
  return Object.fromEntries(merged) as PairRow;
}

function addAll(rows: readonly PairRow[]): PairRow[] {
  const pairs = new Map<string, PairRow>();
  for (const row of rows) {
    const key = `${row.userId} ${row.videoId}`;
    const before = pairs.get(key);
    pairs.set(key, before === undefined ? row : addRows(before, row));
  }
  return [...pairs.keys()].sort().map((key) => pairs.get(key)!);
}

/** One session that plays on: pieces are credited, and gaps are as long as the timeout or a microsecond longer. */
const playback: fc.Arbitrary<ReferenceEvent[]> = fc
  .array(
    fc.record({
      stepUs: fc.constantFrom(1, 10_000_000, 10_000_000, 1_800_000_000, 1_800_000_001),
      eventClass: fc.constantFrom(0, 1, 3, 5, 5, 5),
      moves: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    let timestampUs = 1_767_225_600_000_000n;
    let positionUs = 0n;
    return steps.map(({ stepUs, eventClass, moves }) => {
      timestampUs += BigInt(stepUs);
      if (moves) positionUs += BigInt(stepUs);
      const ids = { userId: 'user', videoId: 'video', sessionId: 'session' };
      return { ...ids, timestampUs, eventClass, positionUs, fromUs: null };
    });
  });

/** A history in parts: horizons that only rise, and in each part events that are not older than the horizon before. */
const history = fc
  .tuple(
    fc.oneof(eventStream, playback),
    fc.array(fc.nat(1000), { minLength: 1, maxLength: 6 }),
    fc.infiniteStream(fc.nat(1000)),
  )
  .map(([events, rises, draws]) => {
    const times = events.map(({ timestampUs }) => timestampUs).sort((a, b) => (a < b ? -1 : 1));
    const horizons = rises
      .map((rise) => times[Math.floor((times.length * rise) / 1001)] ?? 0n)
      .sort((a, b) => (a < b ? -1 : 1));
    const parts: ReferenceEvent[][] = [...horizons, 0n].map(() => []);
    for (const event of events) {
      const latest = horizons.findIndex((horizonUs) => horizonUs > event.timestampUs);
      const most = latest === -1 ? parts.length : latest + 1;
      parts[draws.next().value! % most]!.push(event);
    }
    return { events, horizons: [...horizons, horizons.at(-1)!], parts };
  });

it.each([
  ['in one pass', 1_000_000, Number.MAX_SAFE_INTEGER],
  ['in several passes', 20, Number.MAX_SAFE_INTEGER],
  ['with rows spilled', 1_000_000, 0],
])('folds a history part by part to the rows of the whole, %s', (_, maxEventsAtOnce, heldLimitBytes) => {
  let folds = 0;
  let carried = 0;
  fc.assert(
    fc.property(
      history,
      fc.oneof(foldThresholds, fc.constant(DEFAULT_THRESHOLDS)),
      ({ events, horizons, parts }, thresholds) => {
        const horizonFolder = new HorizonFolder(kernels.release, {
          tempFolder: folder,
          binBits: 0,
          binsPerPartition: 1,
          eventStride: EVENT_FROM_BYTES,
          withRanges: true,
          thresholds: toThresholds(thresholds),
          maxEventsAtOnce,
          records: [],
          videos: null,
        });
        const state: PairRow[] = [];
        let open: readonly OpenFragments[] = [];
        let openRows: PairRow[] = [];
        let carries: CarryPlace[] = [];
        for (const [i, part] of parts.entries()) {
          const pieces = [
            ...piecesOf(scanToPartitions(kernels.release, part, true, cut)[0]!),
            ...open.map(toPiece),
          ];
          const held = new HeldBytes(heldLimitBytes);
          const partition = { pieces, carries, wholePairs: null, horizonUs: horizons[i]! };
          const result = horizonFolder.fold([partition], ++folds, held, new RunCounters());
          state.push(...rowsOf(result.closed));
          openRows = rowsOf(result.open);
          const left = result.left[0]!;
          open = left.fragments;
          carried += left.carries.count;
          carries = [writeTable(folder, left.carries), ...carries];
          if (i % 3 === 2) carries = [writeTable(folder, uniteAll(carries))];
        }
        const expected = foldReference(events, thresholds).map((row) => ({
          ...row,
          userId: String(hashText(row.userId)),
          videoId: String(hashText(row.videoId)),
        }));
        expect(addAll([...state, ...openRows])).toEqual(addAll(expected));
      },
    ),
    { numRuns: 70, seed: 20260107 },
  );
  expect(carried).toBeGreaterThan(300);
});
