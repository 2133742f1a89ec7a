/** A half-open interval of timestamps, [since, until) in microseconds; null is without an end. */
export type Interval = readonly [sinceUs: bigint | null, untilUs: bigint | null];

/** Null stands for the largest of all here, and for the smallest in `start`. */
const isBefore = (end: bigint | null, start: bigint | null): boolean =>
  end !== null && start !== null && end <= start;

const later = (a: bigint | null, b: bigint | null): bigint | null =>
  a === null ? b : b === null ? a : a > b ? a : b;

/** What of `wanted` none of `covered` holds, ascending. */
export function subtractIntervals(wanted: Interval, covered: readonly Interval[]): Interval[] {
  const left: Interval[] = [];
  let [start, end] = wanted;
  for (const [since, until] of sortIntervals(covered)) {
    if (isBefore(until, start) || isBefore(end, since)) continue;
    if (since !== null && (start === null || start < since)) left.push([start, since]);
    if (until === null) return left;
    start = later(start, until);
    if (end !== null && start !== null && start >= end) return left;
  }
  left.push([start, end]);
  return left;
}

/** All that `covered` and `added` hold, as few intervals as can be, ascending. */
export function uniteIntervals(covered: readonly Interval[], added: Interval): Interval[] {
  const united: [bigint | null, bigint | null][] = [];
  for (const [since, until] of sortIntervals([...covered, added])) {
    const last = united.at(-1);
    if (last === undefined || (last[1] !== null && since !== null && since > last[1]))
      united.push([since, until]);
    else if (last[1] !== null) last[1] = until === null ? null : later(last[1], until);
  }
  return united;
}

function sortIntervals(intervals: readonly Interval[]): Interval[] {
  return [...intervals].sort(([a], [b]) => (a === b ? 0 : a === null ? -1 : b === null ? 1 : a < b ? -1 : 1));
}
