import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packCarries, unpackCarries } from '../../src/fold/carry-fragments.ts';
import { CarryReader } from '../../src/fold/carry-reader.ts';
import {
  type CarryTable,
  dropPairs,
  entomb,
  fingerprintsOf,
  NO_CARRIES,
  uniteCarries,
} from '../../src/fold/carry-table.ts';
import {
  CARRIED_FLAG_BITS,
  CARRIED_HAS_END,
  CLASS_CARRIED_OPENER,
  CLASS_CARRIED_VISIT,
  EVENT_FROM_BYTES,
  FRAGMENT_BYTES,
} from '../../src/kernel/layout.ts';
import { temporaryFolder } from '../built-cli.ts';

/** What one session left behind, in plain terms; positions and times in microseconds. */
interface Carry {
  readonly key: readonly [user: bigint, video: bigint, session: bigint];
  readonly lastUs: bigint;
  readonly opener: { readonly atUs: bigint; readonly positionUs: bigint } | null;
  /** -1: it stopped nowhere. Not told while something is open. */
  readonly closedUs: bigint;
  readonly flags: bigint;
}

function toTable(carries: readonly Carry[]): CarryTable {
  const fragments = new BigUint64Array(carries.length * 4);
  const events: bigint[] = [];
  for (const [i, { key, lastUs, opener, closedUs, flags }] of carries.entries()) {
    fragments.set([...key, opener === null ? 1n : 2n], i * 4);
    if (opener !== null)
      events.push((opener.atUs << 3n) | BigInt(CLASS_CARRIED_OPENER), opener.positionUs, 0n);
    const closed = (closedUs + 1n) << BigInt(CARRIED_FLAG_BITS);
    events.push((lastUs << 3n) | BigInt(CLASS_CARRIED_VISIT), closed | flags, 0n);
  }
  return packCarries({
    fragments: new Uint8Array(fragments.buffer),
    events: new Uint8Array(BigInt64Array.from(events).buffer),
    fragmentCount: carries.length,
    eventCount: events.length / 3,
  });
}

function fromTable(table: CarryTable): Carry[] {
  const { memory, fragmentCount, eventsAt } = unpackCarries(table);
  const heads = new BigUint64Array(memory!, 0, (fragmentCount * FRAGMENT_BYTES) / 8);
  const events = new BigInt64Array(memory!, eventsAt);
  let event = 0;
  return Array.from({ length: fragmentCount }, (_, i) => {
    const [user, video, session, count] = heads.subarray(i * 4);
    const [word, positionUs] = events.subarray(event);
    if (count === 2n) event += EVENT_FROM_BYTES / 8;
    const [last, visit] = events.subarray(event);
    event += EVENT_FROM_BYTES / 8;
    return {
      key: [user!, video!, session!],
      lastUs: last! >> 3n,
      opener: count === 1n ? null : { atUs: word! >> 3n, positionUs: positionUs! },
      closedUs: (visit! >> BigInt(CARRIED_FLAG_BITS)) - 1n,
      flags: visit! & 7n,
    } as const;
  });
}

const byKey = (carries: readonly Carry[]): Carry[] =>
  [...carries].sort((a, b) => (a.key.join() < b.key.join() ? -1 : 1));

const timeUs = fc.bigInt({ min: -(2n ** 59n), max: 2n ** 59n });
const positionUs = fc.bigInt({ min: 0n, max: 10n ** 13n });

/** Of few sessions, so that tables speak of the same ones. */
const carry: fc.Arbitrary<Carry> = fc
  .record({
    key: fc.tuple(
      fc.constantFrom(0n, 1n, 2n ** 64n - 1n),
      fc.constantFrom(0n, 1n, 2n ** 63n),
      fc.bigInt({ min: 0n, max: 5n }),
    ),
    lastUs: timeUs,
    opener: fc.option(fc.record({ atUs: timeUs, positionUs })),
    closedUs: fc.oneof(fc.constant(-1n), positionUs),
    flags: fc.bigInt({ min: 0n, max: 7n }),
  })
  .map((one) => (one.opener === null ? one : { ...one, closedUs: -1n }));

const carries = fc.uniqueArray(carry, { selector: ({ key }) => key.join(), maxLength: 30 });

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

describe('in files', () => {
  const folder = temporaryFolder();
  const hashOf = (session: number): bigint => BigInt.asUintN(64, BigInt(session) * 0x9e3779b97f4a7c15n);
  const sessionOf = (session: number): Carry => ({
    ...{ key: [1n, 2n, hashOf(session)], lastUs: BigInt(session), opener: null, closedUs: -1n, flags: 0n },
  });
  const fragmentsOf = (sessions: readonly number[]): Uint8Array =>
    new Uint8Array(BigUint64Array.from(sessions.flatMap((session) => [1n, 2n, hashOf(session), 1n])).buffer);
  const write = (name: string, table: CarryTable, padding: number) => {
    const path = join(folder, name);
    writeFileSync(path, Buffer.concat([Buffer.alloc(padding), new Uint8Array(table.memory)]));
    return { path, at: padding, count: table.count };
  };
  const sessions = Array.from({ length: 20_000 }, (_, session) => session);

  it('are found by the fragments of their sessions, few or many, as the newest file has them', () => {
    const newest = { ...sessionOf(77), lastUs: 1n };
    const places = [
      write('newest', uniteCarries([toTable([newest]), entomb(toTable([sessionOf(78)]))], true), 8),
      write('oldest', toTable(sessions.map(sessionOf)), 16),
    ];
    const reader = new CarryReader();
    const find = (wanted: readonly number[]): Carry[] =>
      byKey(fromTable(reader.find(places, fingerprintsOf([fragmentsOf(wanted)], wanted.length))));
    expect(find([])).toEqual([]);
    expect(find([50_000, 77, 19_999, 77, 78])).toEqual(byKey([newest, sessionOf(19_999)]));
    const all = sessions.filter((session) => session !== 78);
    expect(find(sessions)).toEqual(
      byKey(all.map((session) => (session === 77 ? newest : sessionOf(session)))),
    );
    expect(reader.read(places[1]!).count).toBe(20_000);
    reader.close();
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
});
