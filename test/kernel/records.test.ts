import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FoldKernel } from '../../src/kernel/fold-kernel.ts';
import { RECORDS, type RecordName } from '../../src/kernel/records.ts';
import {
  type FoldThresholds,
  foldReference,
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
  const found = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<RecordName, Row[]>;
  const onFold = (fold: FoldKernel): void => {
    for (const name of names) found[name].push(...readRecords(fold, name, events));
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

const lengthOf = (rows: readonly Row[]): bigint =>
  rows.reduce((sum, { startUs, endUs }) => sum + BigInt(endUs!) - BigInt(startUs!), 0n);

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
        const names = Object.keys(RECORDS) as RecordName[];
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
