import fc from 'fast-check';
import { expect, it } from 'vitest';
import { unpackCarries } from '../../src/fold/carry-fragments.ts';
import { dropPairs, entomb, fingerprintsOf, NO_CARRIES, uniteCarries } from '../../src/fold/carry-table.ts';
import { byKey, type Carry, carries, fragmentsOf, fromTable, sessionOf, toTable } from './carries.ts';

it('unites tables to the newest word on each session, which may be that there is none', () => {
  const layers = fc.array(fc.tuple(carries, carries), { maxLength: 4, size: 'max' });
  fc.assert(
    fc.property(layers, (newestFirst) => {
      const model = new Map<string, Carry>();
      for (const [standing, gone] of newestFirst.toReversed()) {
        for (const { key } of gone) model.delete(key.join());
        for (const one of standing) model.set(one.key.join(), one);
      }
      const tables = newestFirst.map(([standing, gone]) =>
        uniteCarries([toTable(standing), entomb(toTable(gone))], true),
      );
      expect(byKey(fromTable(uniteCarries(tables, false)))).toEqual(byKey([...model.values()]));
      const newer = uniteCarries(tables.slice(0, 2), true);
      expect(byKey(fromTable(uniteCarries([newer, ...tables.slice(2)], false)))).toEqual(
        byKey([...model.values()]),
      );
    }),
  );
});

it('leaves out the carries of some pairs', () => {
  fc.assert(
    fc.property(carries, (some) => {
      const others = some.filter(({ key: [user, video] }) => !(user === 1n && video !== 0n));
      const pairs = new Map([[1n, new Set([1n, 2n ** 63n])]]);
      expect(byKey(fromTable(dropPairs(toTable(some), pairs)))).toEqual(byKey(others));
    }),
  );
});

it('stay apart where two sessions share a fingerprint', () => {
  const seen = new Map<number, number>();
  let twins: [number, number] | null = null;
  for (let session = 0; twins === null; session++) {
    const [fingerprint] = fingerprintsOf([fragmentsOf([session])], 1);
    const other = seen.get(fingerprint!);
    if (other !== undefined) twins = [other, session];
    seen.set(fingerprint!, session);
  }
  const [first, second] = twins.map(sessionOf) as [Carry, Carry];
  const tables = [entomb(toTable([second])), toTable([first, second])];
  expect(fromTable(uniteCarries(tables, false))).toEqual([first]);
  expect(byKey(fromTable(uniteCarries([toTable([second]), toTable([first])], false)))).toEqual(
    byKey([first, second]),
  );
});

it('are none where no table is', () => {
  expect(uniteCarries([], true)).toEqual(NO_CARRIES);
  expect(unpackCarries(NO_CARRIES)).toMatchObject({ fragmentCount: 0, eventCount: 0 });
});
