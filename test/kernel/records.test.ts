import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FoldKernel } from '../../src/kernel/fold-kernel.ts';
import { RECORDS, type RecordName } from '../../src/kernel/records.ts';
import {
  type FoldThresholds,
  foldReference,
  type PlayRow,
  type ReferenceEvent,
  recordReference,
} from '../../src/kernel/reference.ts';
import { eventStream, foldThresholds } from '../event-streams.ts';
import { type Cut, foldWithKernel, hashText, kernels } from './kernel-fold.ts';

type Row = Record<string, string | bigint | number>;

const cut: fc.Arbitrary<Cut> = fc.record({
  chunkRows: fc.constantFrom(1, 64, 2048),
  roundRows: fc.constantFrom(2048, 4096),
  partitionBits: fc.constantFrom(0, 3),
  binsPerPartition: fc.constantFrom(1, 4),
  shareCount: fc.constantFrom(1, 3),
});

/** Records of a kind as objects, with the texts of users, videos and sessions in place of their hashes. */
function readRecords(fold: FoldKernel, name: RecordName, events: readonly ReferenceEvent[]): Row[] {
  const texts = new Map(
    events
      .flatMap(({ userId, videoId, sessionId }) => [userId, videoId, sessionId])
      .map((text) => [hashText(text), text]),
  );
  const { rowCount, columns } = fold.records(name);
  return Array.from({ length: rowCount }, (_, row) =>
    Object.fromEntries(
      RECORDS[name].columns.map((column, i) => {
        const value = columns[i]![row]!;
        return column.endsWith('Hash')
          ? [column.replace('Hash', 'Id'), texts.get(BigInt(value))!]
          : [column, value];
      }),
    ),
  );
}

function recordWithKernel(
  module: WebAssembly.Module,
  events: readonly ReferenceEvent[],
  thresholds: FoldThresholds,
  sizes: Cut,
  names: readonly RecordName[],
): Record<RecordName, Row[]> {
  const found: Record<RecordName, Row[]> = { visits: [], plays: [], replays: [], steps: [] };
  let folds = 0;
  const onFold = (fold: FoldKernel): void => {
    for (const name of names)
      found[name].push(
        ...readRecords(fold, name, events).map((row) =>
          'row' in row ? { ...row, row: `${folds}/${row.row}` } : row,
        ),
      );
    folds++;
  };
  foldWithKernel(module, events, thresholds, { ...sizes, records: names, onFold });
  return found;
}

const inOrder = (rows: readonly object[]): Row[] =>
  (rows as readonly Row[]).toSorted((a, b) =>
    ['userId', 'videoId', 'sessionId', 'visit', 'firstTimestampUs', 'startUs', 'endUs'].reduce(
      (order, key) => order || (a[key]! < b[key]! ? -1 : a[key]! > b[key]! ? 1 : 0),
      0,
    ),
  );

/** How often each moment of a video was seen by a user: pieces between all borders, seen twice or more. */
function referenceReplays(plays: readonly PlayRow[]): Row[] {
  const pieces: Row[] = [];
  for (const pair of new Set(plays.map(({ userId, videoId }) => `${userId}\n${videoId}`))) {
    const own = plays.filter(({ userId, videoId }) => `${userId}\n${videoId}` === pair);
    const borders = [...new Set(own.flatMap(({ startUs, endUs }) => [startUs, endUs]))].sort((a, b) =>
      a < b ? -1 : 1,
    );
    for (const [i, startUs] of borders.entries()) {
      const times = own.filter((play) => play.startUs <= startUs && startUs < play.endUs).length;
      if (times > 1) pieces.push({ videoId: own[0]!.videoId, startUs, endUs: borders[i + 1]!, times });
    }
  }
  return pieces;
}

const lengthOf = (rows: readonly Row[]): bigint =>
  rows.reduce(
    (sum, { startUs, endUs, times = 1 }) => sum + (BigInt(endUs!) - BigInt(startUs!)) * BigInt(times),
    0n,
  );

describe.each(Object.entries(kernels))('what the %s kernel records', (_, module) => {
  it('visits and credited segments are those of the reference, however the work is cut', () => {
    fc.assert(
      fc.property(eventStream, foldThresholds, cut, (events, thresholds, sizes) => {
        const found = recordWithKernel(module, events, thresholds, sizes, ['visits', 'plays']);
        const expected = recordReference(events, thresholds);
        expect(inOrder(found.visits)).toEqual(inOrder(expected.visits));
        expect(inOrder(found.plays)).toEqual(inOrder(expected.plays));
      }),
      { numRuns: 30, seed: 20260601 },
    );
  });

  it('recording changes no row, and visits and segments add up to the rows', () => {
    fc.assert(
      fc.property(eventStream, foldThresholds, cut, (events, thresholds, sizes) => {
        const names: RecordName[] = ['visits', 'plays', 'replays', 'steps'];
        const rows = foldReference(events, thresholds);
        expect(
          foldWithKernel(module, events, thresholds, { ...sizes, records: names, onFold: () => {} }),
        ).toEqual(rows);
        const found = recordWithKernel(module, events, thresholds, sizes, names);
        const sum = (of: readonly Row[], key: string): bigint =>
          of.reduce((total, row) => total + BigInt(row[key]!), 0n);
        const total = (key: keyof (typeof rows)[number]): bigint =>
          rows.reduce((all, row) => all + BigInt(row[key] as bigint), 0n);
        for (const [own, theirs] of [
          ['watchUs', 'watchUs'],
          ['pauseCount', 'pauseCount'],
          ['forwardSkipCount', 'forwardSkipCount'],
          ['backwardSkipCount', 'backwardSkipCount'],
          ['replayCount', 'replayCount'],
          ['completed', 'completionCount'],
          ['eventCount', 'eventCount'],
          ['duplicateCount', 'duplicateCount'],
          ['segmentCount', 'segmentCount'],
          ['rejectedCount', 'rejectedCount'],
          ['unclosedCount', 'unclosedCount'],
        ] as const)
          expect([own, sum(found.visits, own)]).toEqual([own, total(theirs)]);
        expect(BigInt(found.visits.length)).toBe(total('sessionCount'));
        expect(lengthOf(found.plays)).toBe(total('watchUs'));
        for (const [own, theirs] of [
          ['creditedUs', 'watchUs'],
          ['rejected', 'rejectedCount'],
          ['forwardSkips', 'forwardSkipCount'],
          ['backwardSkips', 'backwardSkipCount'],
          ['replays', 'replayCount'],
          ['duplicate', 'duplicateCount'],
        ] as const)
          expect([own, sum(found.steps, own)]).toEqual([own, total(theirs)]);
        expect(sum(found.steps, 'unclosed') + sum(found.steps, 'leftOpen')).toBe(total('unclosedCount'));
        expect(found.steps).toHaveLength(events.length);
      }),
      { numRuns: 30, seed: 20260602 },
    );
  });

  it('pieces seen more than once ascend, and count what a moment-by-moment look counts', () => {
    fc.assert(
      fc.property(eventStream, foldThresholds, cut, (events, thresholds, sizes) => {
        const { replays } = recordWithKernel(module, events, thresholds, sizes, ['replays']);
        const { plays } = recordReference(events, thresholds);
        const expected = referenceReplays(plays);
        // The kernel may leave out a border at which nothing changes.
        const steps = (pieces: readonly Row[]): Row[] =>
          inOrder(pieces).flatMap(({ videoId, startUs, endUs, times }) => [
            { videoId: videoId!, startUs: startUs!, times: times! },
            { videoId: videoId!, startUs: endUs!, times: -Number(times) },
          ]);
        const changes = (pieces: readonly Row[]): Record<string, number> => {
          const sums: Record<string, number> = {};
          for (const { videoId, startUs, times } of steps(pieces))
            sums[`${videoId} ${startUs}`] = (sums[`${videoId} ${startUs}`] ?? 0) + Number(times);
          return Object.fromEntries(Object.entries(sums).filter(([, change]) => change !== 0));
        };
        expect(changes(replays)).toEqual(changes(expected));
        for (const [i, piece] of replays.entries()) {
          const last = replays[i - 1];
          if (last?.row === piece.row) expect(piece.startUs >= last.endUs!).toBe(true);
        }
      }),
      { numRuns: 30, seed: 20260603 },
    );
  });

  it('nothing, unless it was asked for', () => {
    const onFold = (fold: FoldKernel): void => {
      expect(() => fold.records('visits')).toThrow('not recorded');
    };
    const events = fc.sample(eventStream, { numRuns: 1, seed: 3 })[0]!;
    foldWithKernel(module, events, recordThresholds, {
      chunkRows: 64,
      roundRows: 2048,
      partitionBits: 0,
      binsPerPartition: 1,
      shareCount: 1,
      onFold,
    });
  });
});

const recordThresholds: FoldThresholds = fc.sample(foldThresholds, { numRuns: 1, seed: 3 })[0]!;
