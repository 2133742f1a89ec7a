import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MIN_MEMORY_BYTES, planBudget } from '../src/budget.ts';
import { EVENT_BYTES } from '../src/kernel/layout.ts';
import { planScan } from '../src/kernel/memory-plan.ts';

it('the parts of a budget stay within it, whatever the input', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: MIN_MEMORY_BYTES, max: 2 ** 38 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 1e10 }),
      (memoryBytes, threads, rowEstimate) => {
        const budget = planBudget({ memoryBytes, threads, rowEstimate, hasFrom: false });
        const seenBytes = (budget.seenUserLines + budget.seenVideoLines) * 64 * budget.workers;
        expect(seenBytes).toBeLessThanOrEqual(Math.max(memoryBytes / 8, 2 * 1024 * 64 * threads));
        expect(budget.heldLimitBytes + budget.mergeDatabaseBytes).toBeLessThanOrEqual(memoryBytes);
        expect(
          budget.scanDatabaseBytes * budget.workers + budget.planDatabaseBytes + budget.heldLimitBytes,
        ).toBeLessThanOrEqual(memoryBytes);
        expect(Number.isInteger(Math.log2(budget.seenUserLines))).toBe(true);
        expect(budget.partitionBits).toBeLessThanOrEqual(10);
        const binBits = budget.partitionBits + Math.log2(budget.binsPerPartition);
        const scan = planScan(0, { ...budget, binBits, eventStride: EVENT_BYTES });
        expect(scan.byteLength).toBeLessThan(2 ** 31);
      },
    ),
  );
});

it('grows the number of partitions and bins with the rows', () => {
  const cut = (rowEstimate: number): number[] => {
    const budget = planBudget({ memoryBytes: 4e9, threads: 2, rowEstimate, hasFrom: false });
    return [2 ** budget.partitionBits, budget.binsPerPartition];
  };
  expect([0, 1e5, 1e6, 1e7, 1e8].map(cut)).toEqual([
    [1, 1],
    [1, 8],
    [1, 64],
    [16, 64],
    [128, 64],
  ]);
});
