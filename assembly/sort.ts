/**
 * Sort: records of `stride` bytes by their first `keyWords` words, each a signed 64-bit integer. Fragments,
 * events and segments all have this shape. Stable, O(n log n) at worst, O(n) on sorted input.
 */

/** Records in a run that insertion sort orders before runs are merged. */
const RUN: u32 = 12;

/** Below 0, 0, or above 0 as record a comes before, with, or after record b. */
// @ts-expect-error: decorator
export function compareRecords(a: usize, b: usize, keyWords: u32): i32 {
  for (let word: u32 = 0; word < keyWords; word++) {
    const left = load<i64>(a + ((<usize>word) << 3));
    const right = load<i64>(b + ((<usize>word) << 3));
    if (left != right) return left < right ? -1 : 1;
  }
  return 0;
}

/** Sorts `count` records in place; `scratch` has room for as many. */
export function sortRecords(records: usize, count: u32, stride: usize, keyWords: u32, scratch: usize): void {
  if (isSorted(records, count, stride, keyWords)) return;
  for (let from: u32 = 0; from < count; from += RUN) {
    sortRun(records + <usize>from * stride, min(RUN, count - from), stride, keyWords, scratch);
  }
  let source = records;
  let target = scratch;
  for (let width: u64 = RUN; width < <u64>count; width <<= 1) {
    for (let from: u64 = 0; from < <u64>count; from += width << 1) {
      const middle = min(from + width, <u64>count);
      const end = min(from + (width << 1), <u64>count);
      mergeRuns(source, <usize>from, <usize>middle, <usize>end, target, stride, keyWords);
    }
    const swap = source;
    source = target;
    target = swap;
  }
  if (source != records) memory.copy(records, source, <usize>count * stride);
}

function isSorted(records: usize, count: u32, stride: usize, keyWords: u32): bool {
  let record = records;
  for (let i: u32 = 1; i < count; i++) {
    if (compareRecords(record, record + stride, keyWords) > 0) return false;
    record += stride;
  }
  return true;
}

function sortRun(records: usize, count: u32, stride: usize, keyWords: u32, spare: usize): void {
  for (let i: u32 = 1; i < count; i++) {
    const record = records + <usize>i * stride;
    if (compareRecords(record - stride, record, keyWords) <= 0) continue;
    copyWords(spare, record, stride);
    let place = record;
    do {
      copyWords(place, place - stride, stride);
      place -= stride;
    } while (place > records && compareRecords(place - stride, spare, keyWords) > 0);
    copyWords(place, spare, stride);
  }
}

/** Merges records [from, middle) and [middle, end) of source into the same places of target. */
function mergeRuns(
  source: usize,
  from: usize,
  middle: usize,
  end: usize,
  target: usize,
  stride: usize,
  keyWords: u32,
): void {
  let left = source + from * stride;
  const leftEnd = source + middle * stride;
  let right = leftEnd;
  const rightEnd = source + end * stride;
  let out = target + from * stride;
  if (right < rightEnd && left < leftEnd && compareRecords(leftEnd - stride, right, keyWords) > 0) {
    while (left < leftEnd && right < rightEnd) {
      if (compareRecords(right, left, keyWords) < 0) {
        copyWords(out, right, stride);
        right += stride;
      } else {
        copyWords(out, left, stride);
        left += stride;
      }
      out += stride;
    }
  }
  memory.copy(out, left, leftEnd - left);
  memory.copy(out + (leftEnd - left), right, rightEnd - right);
}

// @ts-expect-error: decorator
function copyWords(target: usize, source: usize, byteLength: usize): void {
  for (let at: usize = 0; at < byteLength; at += 8) store<u64>(target + at, load<u64>(source + at));
}
