import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Interval, subtractIntervals, uniteIntervals } from '../../src/update/windows.ts';

const bound = fc.option(fc.integer({ min: 0, max: 12 }).map(BigInt), { freq: 4 });
const interval: fc.Arbitrary<Interval> = fc
  .tuple(bound, bound)
  .filter(([since, until]) => since === null || until === null || since < until);

const holds = (intervals: readonly Interval[], at: bigint): boolean =>
  intervals.some(([since, until]) => (since === null || since <= at) && (until === null || at < until));

const times = Array.from({ length: 16 }, (_, i) => BigInt(i - 2));

it('reads each moment once, whatever was read before', () => {
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 5 }), interval, (earlier, wanted) => {
      const covered = earlier.reduce<Interval[]>((all, one) => uniteIntervals(all, one), []);
      const left = subtractIntervals(wanted, covered);
      const all = uniteIntervals(covered, wanted);
      for (const at of times) {
        expect(holds(covered, at)).toBe(holds(earlier, at));
        expect(holds(left, at)).toBe(holds([wanted], at) && !holds(covered, at));
        expect(holds(all, at)).toBe(holds(covered, at) || holds([wanted], at));
        expect(left.filter((part) => holds([part], at)).length).toBeLessThan(2);
      }
    }),
    { seed: 20260111 },
  );
});

it.each([
  ['nothing was read', [], [null, null], [[null, null]]],
  ['all was read', [[null, null]], [3n, 5n], []],
  [
    'the middle was read',
    [[3n, 5n]],
    [null, null],
    [
      [null, 3n],
      [5n, null],
    ],
  ],
  ['it touches what was read', [[3n, 5n]], [5n, 7n], [[5n, 7n]]],
] as const)('leaves the rest where %s', (_, covered, wanted, left) => {
  expect(subtractIntervals(wanted, covered)).toEqual(left);
});
