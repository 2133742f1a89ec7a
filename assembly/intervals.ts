/** Intervals: the union of the credited segments of one user x video pair. */
import { sortRecords } from './sort';

const SEGMENT_BYTES: usize = 16;

/** Sorts `count` segments (i64 start, i64 end) in place. */
export function sortSegments(segments: usize, count: u32, scratch: usize): void {
  sortRecords(segments, count, SEGMENT_BYTES, 2, scratch);
}

/**
 * Merges `count` sorted segments that overlap or touch to the front. Returns how many ranges are left, ascending and
 * apart from each other.
 */
export function uniteSorted(segments: usize, count: u32): u32 {
  if (count < 2) return count;
  let last = segments;
  for (let i: u32 = 1; i < count; i++) {
    const segment = segments + <usize>i * SEGMENT_BYTES;
    const start = load<i64>(segment);
    const end = load<i64>(segment, 8);
    if (start <= load<i64>(last, 8)) {
      if (end > load<i64>(last, 8)) store<i64>(last, end, 8);
    } else {
      last += SEGMENT_BYTES;
      store<i64>(last, start);
      store<i64>(last, end, 8);
    }
  }
  return <u32>((last - segments) / SEGMENT_BYTES) + 1;
}
