import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CARRIED_HAS_END } from '../../src/kernel/layout.ts';
import { byKey, carries, fromTable, toTable } from './carries.ts';

it('keeps of each session what a fold goes on from', () => {
  fc.assert(
    fc.property(carries, (some) => {
      expect(byKey(fromTable(toTable(some)))).toEqual(byKey(some));
    }),
  );
});

it('forgets where watching had stopped before what is open now', () => {
  const opener = { atUs: 5n, positionUs: 7n };
  const before = {
    key: [1n, 2n, 3n],
    lastUs: 9n,
    opener,
    closedUs: 6n,
    flags: BigInt(CARRIED_HAS_END),
  } as const;
  expect(fromTable(toTable([before]))).toEqual([{ ...before, closedUs: -1n }]);
});
