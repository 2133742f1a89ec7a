/**
 * Group: brings the fragments of one bin into the order (user, video, session), and their events along, so that
 * the fold reads memory from front to back. A bin fits the second-level cache: half the time of a whole partition.
 */
import {
  EVENT_FROM_BYTES,
  FOLD_BIN_BITS,
  FOLD_BUCKET_BITS,
  FOLD_BUCKETS,
  FOLD_EVENT_STRIDE,
  FOLD_EVENTS,
  FOLD_FRAGMENTS,
  FOLD_RUNS,
  FOLD_SCRATCH,
  FOLD_SORTED_EVENTS,
  FOLD_SORTED_FRAGMENTS,
  FOLD_TOUCHED,
  FRAGMENT_BYTES,
} from '../src/kernel/layout';
import { mix, slotOf } from './memory';
import { sortRecords } from './sort';

const KEY_WORDS: u32 = 3;

function bucketOf(user: u64, binBits: u64, bucketBits: u64): usize {
  return <usize>(((user << binBits) >> 1) >> (63 - bucketBits));
}

function shareOf(fragment: usize, shareCount: u32): u32 {
  return <u32>(mix(load<u64>(fragment) ^ rotl<u64>(load<u64>(fragment, 8), 21)) % <u64>shareCount);
}

/** Adds to `counts` (u32 fragments, u32 events a share) what each share of the user x video pairs has. */
export function countShares(fragments: usize, fragmentCount: u32, shareCount: u32, counts: usize): i32 {
  for (let i: u32 = 0; i < fragmentCount; i++) {
    const fragment = fragments + <usize>i * FRAGMENT_BYTES;
    const count = counts + ((<usize>shareOf(fragment, shareCount)) << 3);
    store<u32>(count, load<u32>(count) + 1);
    store<u32>(count, load<u32>(count, 4) + load<u32>(fragment, 24), 4);
  }
  return fragmentCount;
}

/**
 * Keeps, in place, only the fragments of one share of the user x video pairs, and their events: how a partition
 * too large for its memory is folded in several passes. Writes the number of events kept to `eventCountPtr`,
 * returns the number of fragments kept.
 */
export function selectFragments(
  fragments: usize,
  fragmentCount: u32,
  events: usize,
  stride: usize,
  share: u32,
  shareCount: u32,
  eventCountPtr: usize,
): i32 {
  let kept: u32 = 0;
  let target = events;
  let source = events;
  for (let i: u32 = 0; i < fragmentCount; i++) {
    const fragment = fragments + <usize>i * FRAGMENT_BYTES;
    const byteLength = <usize>load<u32>(fragment, 24) * stride;
    if (shareOf(fragment, shareCount) == share) {
      memory.copy(fragments + <usize>kept * FRAGMENT_BYTES, fragment, FRAGMENT_BYTES);
      memory.copy(target, source, byteLength);
      kept++;
      target += byteLength;
    }
    source += byteLength;
  }
  store<u32>(eventCountPtr, <u32>((target - events) / stride));
  return kept;
}

/**
 * Keeps, in place, only the events before the horizon, or only those from it on, and the fragments that still have
 * any. Writes the number of events kept to `eventCountPtr`, returns the number of fragments kept.
 */
export function splitFragments(
  fragments: usize,
  fragmentCount: u32,
  events: usize,
  stride: usize,
  horizonUs: i64,
  fromHorizon: bool,
  eventCountPtr: usize,
): i32 {
  let kept: u32 = 0;
  let target = events;
  let source = events;
  for (let i: u32 = 0; i < fragmentCount; i++) {
    const fragment = fragments + <usize>i * FRAGMENT_BYTES;
    const first = target;
    for (let left = load<u32>(fragment, 24); left > 0; left--) {
      if (load<i64>(source) >> 3 >= horizonUs == fromHorizon) {
        memory.copy(target, source, stride);
        target += stride;
      }
      source += stride;
    }
    if (target == first) continue;
    const place = fragments + <usize>kept * FRAGMENT_BYTES;
    memory.copy(place, fragment, FRAGMENT_BYTES);
    store<u32>(place, <u32>((target - first) / stride), 24);
    kept++;
  }
  store<u32>(eventCountPtr, <u32>((target - events) / stride));
  return kept;
}

/**
 * Fills FOLD_SORTED_FRAGMENTS and FOLD_SORTED_EVENTS with one bin of all pieces. Returns the number of fragments.
 * FOLD_SCRATCH is free again on return.
 */
export function groupBin(plan: usize, bin: u32, pieceCount: u32): u32 {
  const scratch = slotOf(plan, FOLD_SCRATCH);
  const sorted = slotOf(plan, FOLD_SORTED_FRAGMENTS);
  const buckets = slotOf(plan, FOLD_BUCKETS);
  const binBits = <u64>slotOf(plan, FOLD_BIN_BITS);
  const bucketBits = <u64>slotOf(plan, FOLD_BUCKET_BITS);
  const bucketCount: usize = 1 << (<usize>bucketBits);

  memory.fill(buckets, 0, (bucketCount + 1) << 2);
  const fragmentCount = collectFragments(plan, bin, pieceCount);
  for (let i: u32 = 0; i < fragmentCount; i++) {
    const fragment = scratch + <usize>i * FRAGMENT_BYTES;
    const slot = buckets + ((bucketOf(load<u64>(fragment), binBits, bucketBits) + 1) << 2);
    store<u32>(slot, load<u32>(slot) + 1);
  }
  for (let bucket: usize = 1; bucket <= bucketCount; bucket++) {
    const slot = buckets + (bucket << 2);
    store<u32>(slot, load<u32>(slot) + load<u32>(slot - 4));
  }
  for (let i: u32 = 0; i < fragmentCount; i++) {
    const fragment = scratch + <usize>i * FRAGMENT_BYTES;
    const slot = buckets + (bucketOf(load<u64>(fragment), binBits, bucketBits) << 2);
    const place = load<u32>(slot);
    store<u32>(slot, place + 1);
    copyFragment(sorted + <usize>place * FRAGMENT_BYTES, fragment);
  }
  // Placing moved every bucket's start to its end, which is the start of the next.
  let from: u32 = 0;
  for (let bucket: usize = 0; bucket < bucketCount; bucket++) {
    const end = load<u32>(buckets + (bucket << 2));
    if (end - from > 1) {
      sortRecords(sorted + <usize>from * FRAGMENT_BYTES, end - from, FRAGMENT_BYTES, KEY_WORDS, scratch);
    }
    from = end;
  }
  gatherEvents(plan, fragmentCount);
  return fragmentCount;
}

// @ts-expect-error: decorator
function copyFragment(target: usize, source: usize): void {
  v128.store(target, v128.load(source));
  v128.store(target, v128.load(source, 16), 16);
}

/**
 * Brings the bin's fragments of all pieces together in FOLD_SCRATCH, with the index of their first event in the
 * free word. Reads a byte of each cache line of their events, so that those misses overlap here and gatherEvents
 * finds them near.
 */
function collectFragments(plan: usize, bin: u32, pieceCount: u32): u32 {
  const fragments = slotOf(plan, FOLD_FRAGMENTS);
  const events = slotOf(plan, FOLD_EVENTS);
  const stride = slotOf(plan, FOLD_EVENT_STRIDE);
  const scratch = slotOf(plan, FOLD_SCRATCH);
  let run = slotOf(plan, FOLD_RUNS) + ((<usize>bin * <usize>pieceCount) << 3);
  const next = (<usize>pieceCount) << 3;
  let target = scratch;
  let touched: u32 = 0;
  for (let piece: u32 = 0; piece < pieceCount; piece++) {
    let eventStart = load<u32>(run, 4);
    const eventsEnd = events + <usize>load<u32>(run + next, 4) * stride;
    for (let line = events + <usize>eventStart * stride; line < eventsEnd; line += 64)
      touched += load<u8>(line);
    let fragment = fragments + <usize>load<u32>(run) * FRAGMENT_BYTES;
    const end = fragments + <usize>load<u32>(run + next) * FRAGMENT_BYTES;
    while (fragment < end) {
      copyFragment(target, fragment);
      store<u32>(target, eventStart, 28);
      eventStart += load<u32>(fragment, 24);
      fragment += FRAGMENT_BYTES;
      target += FRAGMENT_BYTES;
    }
    run += 8;
  }
  // Stored, or the compiler might leave the reading out.
  store<u32>(plan + (FOLD_TOUCHED << 2), touched);
  return <u32>((target - scratch) / FRAGMENT_BYTES);
}

/** Copies events into the order of the sorted fragments: one tight loop, so that cache misses overlap. */
function gatherEvents(plan: usize, fragmentCount: u32): void {
  const sorted = slotOf(plan, FOLD_SORTED_FRAGMENTS);
  const events = slotOf(plan, FOLD_EVENTS);
  const stride = slotOf(plan, FOLD_EVENT_STRIDE);
  let target = slotOf(plan, FOLD_SORTED_EVENTS);
  for (let i: u32 = 0; i < fragmentCount; i++) {
    const fragment = sorted + <usize>i * FRAGMENT_BYTES;
    let source = events + <usize>load<u32>(fragment, 28) * stride;
    for (let left = load<u32>(fragment, 24); left > 0; left--) {
      v128.store(target, v128.load(source));
      if (stride == EVENT_FROM_BYTES) store<i64>(target, load<i64>(source, 16), 16);
      source += stride;
      target += stride;
    }
  }
}
