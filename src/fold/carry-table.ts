import { FRAGMENT_BYTES } from '../kernel/layout.ts';

/**
 * Carries: what sessions left behind at a horizon, at most one a session, sorted by a fingerprint of the session.
 *
 *   | fingerprints: u32 each, padded to 8 bytes | entries: CARRY_BYTES each |
 *
 * An entry is 12 words of 4 bytes: user, video and session hash (6), time of the last event (2), of the opener (2;
 * both as kernel/layout.ts's events have them; 0 where nothing is open), and one position above CARRIED_ flags (2).
 */
export interface CarryTable {
  readonly memory: SharedArrayBuffer;
  readonly count: number;
}

export const CARRY_BYTES = 48;
export const CARRY_WORDS = CARRY_BYTES / 4;
export const KEY_WORDS = 6;
// Words of an entry.
export const CARRY_LAST = 6;
export const CARRY_OPENER = 8;
export const CARRY_POSITION = 10;

/** In place of an opener: the session has no carry any more, whatever older tables say. */
const TOMBSTONE = 1;

export const NO_CARRIES: CarryTable = { memory: new SharedArrayBuffer(0), count: 0 };

/** Where the entries of a table of `count` begin, in bytes. */
export const entriesAt = (count: number): number => Math.ceil(count / 2) * 8;

export const tableBytes = (count: number): number => entriesAt(count) + count * CARRY_BYTES;

export const entriesOf = ({ memory, count }: CarryTable): Uint32Array =>
  new Uint32Array(memory, entriesAt(count), count * CARRY_WORDS);

/** A fingerprint of the session whose key begins at a word. */
function fingerprintAt(words: Uint32Array, at: number): number {
  let hash = 0;
  for (let i = at; i < at + KEY_WORDS; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}

/** The fingerprints of the sessions of `fragmentCount` fragments, ascending, one a fragment. */
export function fingerprintsOf(chunks: Iterable<Uint8Array>, fragmentCount: number): Uint32Array {
  const fingerprints = new Uint32Array(fragmentCount);
  let next = 0;
  for (const { buffer, byteOffset, byteLength } of chunks) {
    const words = new Uint32Array(buffer, byteOffset, byteLength / 4);
    for (let at = 0; at < words.length; at += FRAGMENT_BYTES / 4)
      fingerprints[next++] = fingerprintAt(words, at);
  }
  return fingerprints.sort();
}

/** User and video hashes of pairs, by user. */
export type PairSet = ReadonlyMap<bigint, { has(videoHash: bigint): boolean }>;

/** The carries of other pairs. */
export function dropPairs(table: CarryTable, pairs: PairSet): CarryTable {
  const entries = entriesOf(table);
  const keys = new BigUint64Array(entries.buffer, entries.byteOffset, entries.length / 2);
  const others: Uint32Array[] = [];
  for (let entry = 0; entry < entries.length; entry += CARRY_WORDS) {
    const isDropped = pairs.get(keys[entry / 2]!)?.has(keys[entry / 2 + 1]!) ?? false;
    if (!isDropped) others.push(entries.subarray(entry, entry + CARRY_WORDS));
  }
  return tabulate(others, true);
}

/** A table of tombstones of the same sessions. */
export function entomb(table: CarryTable): CarryTable {
  const memory = new SharedArrayBuffer(table.memory.byteLength);
  new Uint8Array(memory).set(new Uint8Array(table.memory));
  const tombstones = { ...table, memory };
  const entries = entriesOf(tombstones);
  for (let at = CARRY_OPENER; at < entries.length; at += CARRY_WORDS) entries[at] = TOMBSTONE;
  return tombstones;
}

/**
 * One table of several, the newest first: of a session's entries the newest stands. Tombstones stay only where
 * `keepTombstones` says that there are tables older still.
 */
export function uniteCarries(newestFirst: readonly CarryTable[], keepTombstones: boolean): CarryTable {
  const some = newestFirst.filter(({ count }) => count > 0);
  if (some.length === 0) return NO_CARRIES;
  if (some.length === 1 && keepTombstones) return some[0]!;
  return tabulate(some.map(entriesOf), keepTombstones);
}

/** Makes a table of lists of entries in any order, the newest list first. */
export function tabulate(newestFirst: readonly Uint32Array[], keepTombstones: boolean): CarryTable {
  const wordCount = newestFirst.reduce((sum, { length }) => sum + length, 0);
  const entries = new Uint32Array(wordCount);
  let filled = 0;
  for (const list of newestFirst) {
    entries.set(list, filled);
    filled += list.length;
  }
  const count = wordCount / CARRY_WORDS;
  // Sorted as one number each: the fingerprint, and below it the place among the entries.
  const order = new BigUint64Array(count);
  const halves = new Uint32Array(order.buffer);
  for (let i = 0; i < count; i++) {
    halves[2 * i] = i;
    halves[2 * i + 1] = fingerprintAt(entries, i * CARRY_WORDS);
  }
  order.sort();
  return gather(entries, halves, selectNewest(entries, halves, keepTombstones));
}

/** The places in `order` of the entries that stand. */
function selectNewest(entries: Uint32Array, order: Uint32Array, keepTombstones: boolean): Uint32Array {
  const count = order.length / 2;
  const selected = new Uint32Array(count);
  let selectedCount = 0;
  let first = 0; // of those with the fingerprint at hand
  for (let i = 0; i < count; i++) {
    if (order[2 * i + 1] !== order[2 * first + 1]) first = i;
    const entry = order[2 * i]! * CARRY_WORDS;
    let isNewest = true;
    for (let j = first; j < i && isNewest; j++)
      isNewest = !isSameSession(entries, order[2 * j]! * CARRY_WORDS, entry);
    if (isNewest && (keepTombstones || entries[entry + CARRY_OPENER] !== TOMBSTONE))
      selected[selectedCount++] = i;
  }
  return selected.subarray(0, selectedCount);
}

function isSameSession(entries: Uint32Array, a: number, b: number): boolean {
  for (let word = 0; word < KEY_WORDS; word++) if (entries[a + word] !== entries[b + word]) return false;
  return true;
}

function gather(entries: Uint32Array, order: Uint32Array, selected: Uint32Array): CarryTable {
  const count = selected.length;
  if (count === 0) return NO_CARRIES;
  const table = { memory: new SharedArrayBuffer(tableBytes(count)), count };
  const fingerprints = new Uint32Array(table.memory, 0, count);
  const target = entriesOf(table);
  for (let i = 0; i < count; i++) {
    const place = selected[i]!;
    const entry = order[2 * place]! * CARRY_WORDS;
    fingerprints[i] = order[2 * place + 1]!;
    for (let word = 0; word < CARRY_WORDS; word++) target[i * CARRY_WORDS + word] = entries[entry + word]!;
  }
  return table;
}
