import type { Piece } from '../exchange/exchange.ts';
import type { FragmentBytes } from '../kernel/fold-kernel.ts';
import {
  CARRIED_FLAG_BITS,
  CLASS_CARRIED_OPENER,
  EVENT_FROM_BYTES,
  FRAGMENT_BYTES,
} from '../kernel/layout.ts';
import type { FragmentCounts } from '../kernel/memory-plan.ts';
import {
  CARRY_LAST,
  CARRY_OPENER,
  CARRY_POSITION,
  CARRY_WORDS,
  type CarryTable,
  entriesOf,
  KEY_WORDS,
  tabulate,
} from './carry-table.ts';

const FRAGMENT_WORDS = FRAGMENT_BYTES / 4;
const EVENT_WORDS = EVENT_FROM_BYTES / 4;
const LOW_BITS = 7; // the class of an event, and the flags below a position
const HIGH_SHIFT = 32 - CARRIED_FLAG_BITS;

const wordsOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint32Array =>
  new Uint32Array(buffer, byteOffset, byteLength / 4);

interface DividedFragments {
  /** Of sessions whose last event is older than a time. */
  readonly silent: FragmentBytes;
  readonly recent: FragmentBytes;
}

/** Divides what a fold left behind by the time of each session's last event: copies. */
export function divideCarried(carried: FragmentBytes, silentBeforeUs: bigint): DividedFragments {
  const fragments = wordsOf(carried.fragments);
  const events = wordsOf(carried.events);
  const limit = silentBeforeUs << 3n;
  const limitHigh = Number(BigInt.asIntN(32, limit >> 32n));
  const limitLow = Number(BigInt.asUintN(32, limit));
  const silent = new FragmentList(carried);
  const recent = new FragmentList(carried);
  let event = 0;
  for (let fragment = 0; fragment < fragments.length; fragment += FRAGMENT_WORDS) {
    const end = event + fragments[fragment + KEY_WORDS]! * EVENT_WORDS;
    const high = events[end - EVENT_WORDS + 1]! | 0;
    const isSilent = high < limitHigh || (high === limitHigh && events[end - EVENT_WORDS]! < limitLow);
    (isSilent ? silent : recent).add(fragments, fragment, events, event, end);
    event = end;
  }
  return { silent: silent.bytes(), recent: recent.bytes() };
}

/** Copies of some of the fragments in what a fold left behind. */
class FragmentList {
  private readonly fragments: Uint32Array;
  private readonly events: Uint32Array;
  private fragment = 0;
  private event = 0;

  constructor({ fragmentCount, eventCount }: FragmentCounts) {
    this.fragments = new Uint32Array(fragmentCount * FRAGMENT_WORDS);
    this.events = new Uint32Array(eventCount * EVENT_WORDS);
  }

  add(fragments: Uint32Array, fragment: number, events: Uint32Array, event: number, eventEnd: number): void {
    for (let word = 0; word < FRAGMENT_WORDS; word++)
      this.fragments[this.fragment++] = fragments[fragment + word]!;
    for (let word = event; word < eventEnd; word++) this.events[this.event++] = events[word]!;
  }

  bytes(): FragmentBytes {
    return {
      fragments: new Uint8Array(this.fragments.buffer, 0, this.fragment * 4),
      events: new Uint8Array(this.events.buffer, 0, this.event * 4),
      fragmentCount: this.fragment / FRAGMENT_WORDS,
      eventCount: this.event / EVENT_WORDS,
    };
  }
}

/**
 * A table of what a fold left behind; events have EVENT_FROM_BYTES. While something is open, its position alone is
 * kept: where watching had stopped before changes nothing (SPEC.md section 3).
 */
export function packCarries(carried: FragmentBytes): CarryTable {
  const fragments = wordsOf(carried.fragments);
  const events = wordsOf(carried.events);
  const entries = new Uint32Array(carried.fragmentCount * CARRY_WORDS);
  let entry = 0;
  let event = 0;
  for (let fragment = 0; fragment < fragments.length; fragment += FRAGMENT_WORDS) {
    for (let word = 0; word < KEY_WORDS; word++) entries[entry + word] = fragments[fragment + word]!;
    const opener = event;
    const isOpen = (events[event]! & LOW_BITS) === CLASS_CARRIED_OPENER;
    if (isOpen) {
      entries[entry + CARRY_OPENER] = events[opener]!;
      entries[entry + CARRY_OPENER + 1] = events[opener + 1]!;
      event += EVENT_WORDS;
    }
    let low = events[event + 2]!;
    let high = events[event + 3]!;
    if (isOpen) {
      const openLow = events[opener + 2]!;
      low = (openLow << CARRIED_FLAG_BITS) | (low & LOW_BITS);
      high = (events[opener + 3]! << CARRIED_FLAG_BITS) | (openLow >>> HIGH_SHIFT);
    }
    entries[entry + CARRY_LAST] = events[event]!;
    entries[entry + CARRY_LAST + 1] = events[event + 1]!;
    entries[entry + CARRY_POSITION] = low;
    entries[entry + CARRY_POSITION + 1] = high;
    event += EVENT_WORDS;
    entry += CARRY_WORDS;
  }
  return tabulate([entries], true);
}

/** The piece from which a fold goes on with carries, none of them a tombstone. */
export function unpackCarries(table: CarryTable): Piece {
  const entries = entriesOf(table);
  const isOpen = (entry: number): boolean => entries[entry + CARRY_OPENER] !== 0;
  let eventCount = 0;
  for (let entry = 0; entry < entries.length; entry += CARRY_WORDS) eventCount += isOpen(entry) ? 2 : 1;
  const eventsAt = table.count * FRAGMENT_BYTES;
  const memory = new SharedArrayBuffer(eventsAt + eventCount * EVENT_FROM_BYTES);
  const fragments = new Uint32Array(memory, 0, eventsAt / 4);
  const events = new Uint32Array(memory, eventsAt);
  let fragment = 0;
  let event = 0;
  for (let entry = 0; entry < entries.length; entry += CARRY_WORDS) {
    for (let word = 0; word < KEY_WORDS; word++) fragments[fragment + word] = entries[entry + word]!;
    fragments[fragment + KEY_WORDS] = isOpen(entry) ? 2 : 1;
    fragment += FRAGMENT_WORDS;
    let low = entries[entry + CARRY_POSITION]!;
    let high = entries[entry + CARRY_POSITION + 1]!;
    if (isOpen(entry)) {
      events[event] = entries[entry + CARRY_OPENER]!;
      events[event + 1] = entries[entry + CARRY_OPENER + 1]!;
      events[event + 2] = (low >>> CARRIED_FLAG_BITS) | (high << HIGH_SHIFT);
      events[event + 3] = high >>> CARRIED_FLAG_BITS;
      event += EVENT_WORDS;
      low &= LOW_BITS;
      high = 0;
    }
    events[event] = entries[entry + CARRY_LAST]!;
    events[event + 1] = entries[entry + CARRY_LAST + 1]!;
    events[event + 2] = low;
    events[event + 3] = high;
    event += EVENT_WORDS;
  }
  const places = { path: '', fragmentsAt: 0, eventsAt, fragmentOffsetsAt: 0, eventOffsetsAt: 0 };
  return { memory, fragmentCount: table.count, eventCount, ...places, scale: null };
}
