import { describe, expect, it } from 'vitest';
import { DEFAULT_THRESHOLDS, foldReference } from '../../src/kernel/reference.ts';
import { scenarios } from '../../src/sample/scenarios.ts';
import { readReference } from '../reference-input.ts';
import { expectations } from '../scenario-expectations.ts';
import { foldWithKernel, kernels } from './kernel-fold.ts';

const seconds = (us: bigint | undefined): number => Number(us) / 1e6;

/** Columns of SPEC.md section 4 that the fold alone decides, from a folded row. */
const FOLDED = {
  totalWatchTime: 'watchUs',
  totalUniqueSecondsWatched: 'uniqueUs',
  maxPositionReached: 'maxPositionUs',
  sessionCount: 'sessionCount',
  totalPauses: 'pauseCount',
  totalForwardSkips: 'forwardSkipCount',
  totalBackwardSkips: 'backwardSkipCount',
  completionCount: 'completionCount',
  eventCount: 'eventCount',
  duplicateEventCount: 'duplicateCount',
  segmentCount: 'segmentCount',
  rejectedSegmentCount: 'rejectedCount',
  unclosedSegmentCount: 'unclosedCount',
} as const;

describe.each(Object.entries(kernels))(
  'the scenarios of SPEC.md section 7, through the %s kernel',
  (_, module) => {
    it.each(expectations.map((expectation) => [expectation.id, expectation] as const))(
      '%s',
      (__, { id, videoId, columns }) => {
        const { events } = readReference(scenarios.find((scenario) => scenario.id === id)!.events);
        const rows = foldWithKernel(module, events, DEFAULT_THRESHOLDS);
        expect(rows).toEqual(foldReference(events, DEFAULT_THRESHOLDS));
        const row = rows.find((one) => one.videoId === videoId)!;
        for (const [column, name] of Object.entries(FOLDED)) {
          if (!(column in columns)) continue;
          const value = row[name];
          expect([column, typeof value === 'bigint' ? seconds(value) : value]).toEqual([
            column,
            columns[column],
          ]);
        }
      },
    );
  },
);
