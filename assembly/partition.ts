/** Partition: scatters the fragments of a round, and their events, to bins by a hash of the user. */
import {
  EVENT_FROM_BYTES,
  FRAGMENT_BYTES,
  SCAN_BIN_BITS,
  SCAN_CURSORS,
  SCAN_EVENT_FRAGMENT,
  SCAN_EVENT_STRIDE,
  SCAN_EVENTS,
  SCAN_FRAGMENTS,
  SCAN_OUT_EVENT_OFFSETS,
  SCAN_OUT_EVENTS,
  SCAN_OUT_FRAGMENT_OFFSETS,
  SCAN_OUT_FRAGMENTS,
  SCAN_STATE,
  SCAN_TABLE,
  SCAN_TABLE_SLOTS,
} from '../src/kernel/layout';
import { slotOf } from './memory';

/** The bin of a user: the highest bits of its hash. Two shifts, because a shift by 64 is one by 0. */
function binOf(user: u64, binBits: u64): usize {
  return <usize>((user >> 1) >> (63 - binBits));
}

/**
 * Ends a round. Row b of the output is bin b: its fragments and, in the same order, their events, each a
 * list with Arrow offsets (bins + 1). Returns the number of fragments; their events are the last offset.
 */
export function scanFlush(plan: usize): i32 {
  const state = slotOf(plan, SCAN_STATE);
  const fragmentCount = load<u32>(state);
  const eventCount = load<u32>(state, 4);
  const fragments = slotOf(plan, SCAN_FRAGMENTS);
  const binBits = <u64>slotOf(plan, SCAN_BIN_BITS);
  const binCount = 1 << (<u32>binBits);
  const fragmentOffsets = slotOf(plan, SCAN_OUT_FRAGMENT_OFFSETS);
  const eventOffsets = slotOf(plan, SCAN_OUT_EVENT_OFFSETS);

  // Count into the slot after the next, so that placing can move each cursor up to its bin's end.
  memory.fill(fragmentOffsets, 0, (<usize>binCount + 2) << 2);
  memory.fill(eventOffsets, 0, (<usize>binCount + 2) << 2);
  for (let i: u32 = 0; i < fragmentCount; i++) {
    const fragment = fragments + <usize>i * FRAGMENT_BYTES;
    const slot = (binOf(load<u64>(fragment), binBits) + 2) << 2;
    store<u32>(fragmentOffsets + slot, load<u32>(fragmentOffsets + slot) + 1);
    store<u32>(eventOffsets + slot, load<u32>(eventOffsets + slot) + load<u32>(fragment, 24));
  }
  for (let bin = 2; bin <= binCount + 1; bin++) {
    const slot = (<usize>bin) << 2;
    store<u32>(
      fragmentOffsets + slot,
      load<u32>(fragmentOffsets + slot) + load<u32>(fragmentOffsets + slot - 4),
    );
    store<u32>(eventOffsets + slot, load<u32>(eventOffsets + slot) + load<u32>(eventOffsets + slot - 4));
  }

  placeFragments(plan, fragmentCount, binBits);
  placeEvents(plan, eventCount);
  memory.fill(slotOf(plan, SCAN_TABLE), 0, slotOf(plan, SCAN_TABLE_SLOTS) << 2);
  store<u64>(state, 0);
  return fragmentCount;
}

function placeFragments(plan: usize, fragmentCount: u32, binBits: u64): void {
  const fragments = slotOf(plan, SCAN_FRAGMENTS);
  const fragmentOffsets = slotOf(plan, SCAN_OUT_FRAGMENT_OFFSETS);
  const eventOffsets = slotOf(plan, SCAN_OUT_EVENT_OFFSETS);
  const cursors = slotOf(plan, SCAN_CURSORS);
  const out = slotOf(plan, SCAN_OUT_FRAGMENTS);
  for (let i: u32 = 0; i < fragmentCount; i++) {
    const fragment = fragments + <usize>i * FRAGMENT_BYTES;
    const slot = (binOf(load<u64>(fragment), binBits) + 1) << 2;
    const place = load<u32>(fragmentOffsets + slot);
    const eventPlace = load<u32>(eventOffsets + slot);
    store<u32>(fragmentOffsets + slot, place + 1);
    store<u32>(eventOffsets + slot, eventPlace + load<u32>(fragment, 24));
    store<u32>(cursors + ((<usize>i) << 2), eventPlace);
    memory.copy(out + <usize>place * FRAGMENT_BYTES, fragment, FRAGMENT_BYTES);
  }
}

function placeEvents(plan: usize, eventCount: u32): void {
  const cursors = slotOf(plan, SCAN_CURSORS);
  const eventFragment = slotOf(plan, SCAN_EVENT_FRAGMENT);
  const stride = slotOf(plan, SCAN_EVENT_STRIDE);
  const out = slotOf(plan, SCAN_OUT_EVENTS);
  let source = slotOf(plan, SCAN_EVENTS);
  for (let i: u32 = 0; i < eventCount; i++) {
    const cursor = cursors + ((<usize>load<u32>(eventFragment + ((<usize>i) << 2))) << 2);
    const place = load<u32>(cursor);
    store<u32>(cursor, place + 1);
    const target = out + <usize>place * stride;
    v128.store(target, v128.load(source));
    if (stride == EVENT_FROM_BYTES) store<i64>(target, load<i64>(source, 16), 16);
    source += stride;
  }
}
