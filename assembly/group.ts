/**
 * Group: brings the fragments of a partition into the order (user, video, session), and their events along, so
 * that the fold reads memory from front to back.
 */
import {
  EVENT_FROM_BYTES,
  FOLD_BUCKET_BITS,
  FOLD_BUCKETS,
  FOLD_EVENT_STRIDE,
  FOLD_EVENTS,
  FOLD_FRAGMENTS,
  FOLD_PARTITION_BITS,
  FOLD_SORTED_EVENTS,
  FOLD_SORTED_FRAGMENTS,
  FRAGMENT_BYTES,
} from '../src/kernel/layout';
import { mix, slotOf } from './memory';
import { sortRecords } from './sort';

const KEY_WORDS: u32 = 3;

function bucketOf(user: u64, partitionBits: u64, bucketBits: u64): usize {
  return <usize>(((user << partitionBits) >> 1) >> (63 - bucketBits));
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

/** Fills FOLD_SORTED_FRAGMENTS and FOLD_SORTED_EVENTS from the input, which is scratch from then on. */
export function groupFragments(plan: usize, fragmentCount: u32): void {
  const input = slotOf(plan, FOLD_FRAGMENTS);
  const sorted = slotOf(plan, FOLD_SORTED_FRAGMENTS);
  const buckets = slotOf(plan, FOLD_BUCKETS);
  const partitionBits = <u64>slotOf(plan, FOLD_PARTITION_BITS);
  const bucketBits = <u64>slotOf(plan, FOLD_BUCKET_BITS);
  const bucketCount: usize = 1 << (<usize>bucketBits);

  memory.fill(buckets, 0, (bucketCount + 1) << 2);
  let eventStart: u32 = 0;
  for (let i: u32 = 0; i < fragmentCount; i++) {
    const fragment = input + <usize>i * FRAGMENT_BYTES;
    store<u32>(fragment, eventStart, 28);
    eventStart += load<u32>(fragment, 24);
    const slot = buckets + ((bucketOf(load<u64>(fragment), partitionBits, bucketBits) + 1) << 2);
    store<u32>(slot, load<u32>(slot) + 1);
  }
  for (let bucket: usize = 1; bucket <= bucketCount; bucket++) {
    const slot = buckets + (bucket << 2);
    store<u32>(slot, load<u32>(slot) + load<u32>(slot - 4));
  }
  for (let i: u32 = 0; i < fragmentCount; i++) {
    const fragment = input + <usize>i * FRAGMENT_BYTES;
    const slot = buckets + (bucketOf(load<u64>(fragment), partitionBits, bucketBits) << 2);
    const place = load<u32>(slot);
    store<u32>(slot, place + 1);
    const target = sorted + <usize>place * FRAGMENT_BYTES;
    v128.store(target, v128.load(fragment));
    v128.store(target, v128.load(fragment, 16), 16);
  }
  // Placing moved every bucket's start to its end, which is the start of the next.
  let from: u32 = 0;
  for (let bucket: usize = 0; bucket < bucketCount; bucket++) {
    const end = load<u32>(buckets + (bucket << 2));
    if (end - from > 1) {
      sortRecords(sorted + <usize>from * FRAGMENT_BYTES, end - from, FRAGMENT_BYTES, KEY_WORDS, input);
    }
    from = end;
  }
  gatherEvents(plan, fragmentCount);
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
