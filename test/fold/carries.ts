import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { packCarries, unpackCarries } from '../../src/fold/carry-fragments.ts';
import { type CarryPlace, CarryReader } from '../../src/fold/carry-reader.ts';
import { type CarryTable, uniteCarries } from '../../src/fold/carry-table.ts';
import {
  CARRIED_FLAG_BITS,
  CLASS_CARRIED_OPENER,
  CLASS_CARRIED_VISIT,
  EVENT_FROM_BYTES,
  FRAGMENT_BYTES,
} from '../../src/kernel/layout.ts';

/** What one session left behind, in plain terms; positions and times in microseconds. */
export interface Carry {
  readonly key: readonly [user: bigint, video: bigint, session: bigint];
  readonly lastUs: bigint;
  readonly opener: { readonly atUs: bigint; readonly positionUs: bigint } | null;
  /** -1: it stopped nowhere. Not told while something is open. */
  readonly closedUs: bigint;
  readonly flags: bigint;
}

export function toTable(carries: readonly Carry[]): CarryTable {
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

export function fromTable(table: CarryTable): Carry[] {
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

export const byKey = (carries: readonly Carry[]): Carry[] =>
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

export const carries = fc.uniqueArray(carry, { selector: ({ key }) => key.join(), maxLength: 30 });

const hashOf = (session: number): bigint => BigInt.asUintN(64, BigInt(session) * 0x9e3779b97f4a7c15n);
/** A carry, and fragments, of sessions by their numbers. */
export const sessionOf = (session: number): Carry => ({
  ...{ key: [1n, 2n, hashOf(session)], lastUs: BigInt(session), opener: null, closedUs: -1n, flags: 0n },
});
export const fragmentsOf = (sessions: readonly number[]): Uint8Array =>
  new Uint8Array(BigUint64Array.from(sessions.flatMap((session) => [1n, 2n, hashOf(session), 1n])).buffer);

let files = 0;

/** Writes a table into a file of its own, behind other bytes. */
export function writeTable(folder: string, { memory, count }: CarryTable): CarryPlace {
  const path = join(folder, `carries-${++files}.bin`);
  const at = (files % 3) * 8;
  writeFileSync(path, Buffer.concat([Buffer.alloc(at), new Uint8Array(memory)]));
  return { path, at, count };
}

export function uniteAll(newestFirst: readonly CarryPlace[]): CarryTable {
  const reader = new CarryReader();
  const tables = newestFirst.map((place) => reader.read(place));
  reader.close();
  return uniteCarries(tables, false);
}
