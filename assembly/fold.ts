/**
 * Fold: SPEC.md section 3 over one partition. Sessions are folded to credited segments; at the end of each
 * user x video pair its segments are united and one row is written to the output columns.
 */
import {
  FOLD_BIN_COUNT,
  FOLD_CARRIED_EVENT_COUNT,
  FOLD_CARRIED_EVENTS,
  FOLD_CARRIED_FRAGMENT_COUNT,
  FOLD_CARRIED_FRAGMENTS,
  FOLD_COLUMNS,
  FOLD_EVENT_STRIDE,
  FOLD_RANGE_COUNT,
  FOLD_RANGE_ENDS,
  FOLD_RANGE_OFFSETS,
  FOLD_RANGE_STARTS,
  FOLD_SCRATCH,
  FOLD_SEGMENTS,
  FOLD_SORTED_EVENTS,
  FOLD_SORTED_FRAGMENTS,
  FOLD_THRESHOLDS,
  FOLD_WITH_CARRIED,
  FOLD_WITH_RANGES,
  FRAGMENT_BYTES,
  ROW_BACKWARD_SKIPS,
  ROW_COMPLETIONS,
  ROW_DUPLICATES,
  ROW_EVENTS,
  ROW_FIRST_TIMESTAMP,
  ROW_FORWARD_SKIPS,
  ROW_LAST_TIMESTAMP,
  ROW_MAX_CREDITED_END,
  ROW_MAX_POSITION,
  ROW_PAUSES,
  ROW_REJECTED,
  ROW_REPLAYS,
  ROW_SEGMENTS,
  ROW_SESSION_DURATION,
  ROW_SESSIONS,
  ROW_UNCLOSED,
  ROW_UNIQUE,
  ROW_USER,
  ROW_VIDEO,
  ROW_WATCH,
  STATUS_NOT_ASCENDING,
} from '../src/kernel/layout';
import { narrow, wide } from './columns';
import { groupBin } from './group';
import { sortSegments, uniteSorted } from './intervals';
import { slotOf } from './memory';
import {
  backwardSkips,
  beginPair,
  carriedEvents,
  carriedFragments,
  completions,
  duplicates,
  eventCount,
  firstTimestampUs,
  foldSession,
  forwardSkips,
  lastTimestampUs,
  maxCreditedEndUs,
  maxPositionUs,
  pauses,
  placeCarried,
  placeSegments,
  rejected,
  replays,
  segmentCount,
  segments,
  sessionDurationUs,
  sessions,
  storedSegments,
  unclosed,
  watchUs,
} from './playback';
import { beginRecords, isRecordingSessions, recordSession } from './record';
import { compareRecords } from './sort';
import * as threshold from './thresholds';
import {
  areOverlapping,
  beginViews,
  endViews,
  isRecordingViews,
  recordOverlapping,
  recordRanges,
} from './views';

/**
 * Folds the bins of `pieceCount` pieces, one after the other. Returns the number of rows written to the output
 * columns, in the order (user, video); the number of their ranges is left in FOLD_RANGE_COUNT. With
 * FOLD_WITH_CARRIED it also writes fragments from which a fold of later events can go on.
 */
export function foldPartition(plan: usize, pieceCount: i32): i32 {
  threshold.loadThresholds(slotOf(plan, FOLD_THRESHOLDS));
  placeSegments(slotOf(plan, FOLD_SEGMENTS));
  beginRecords(plan);
  beginViews(plan);
  const binCount = <u32>slotOf(plan, FOLD_BIN_COUNT);
  let rowCount: i32 = 0;
  store<u32>(slotOf(plan, FOLD_RANGE_OFFSETS), 0);
  store<u32>(plan + (FOLD_RANGE_COUNT << 2), 0);
  beginCarried(plan);
  for (let bin: u32 = 0; bin < binCount; bin++) {
    rowCount = foldBin(plan, groupBin(plan, bin, pieceCount), rowCount);
    if (rowCount < 0) return rowCount;
  }
  endCarried(plan);
  endViews();
  return rowCount;
}

/** Whether pair b comes behind pair a: buckets order users as unsigned numbers, the sort in them videos as signed. */
function isAscending(a: usize, b: usize): bool {
  if (load<u64>(a) != load<u64>(b)) return load<u64>(a) < load<u64>(b);
  return load<i64>(a, 8) < load<i64>(b, 8);
}

function beginCarried(plan: usize): void {
  const isWanted = slotOf(plan, FOLD_WITH_CARRIED) != 0;
  placeCarried(
    isWanted ? slotOf(plan, FOLD_CARRIED_FRAGMENTS) : 0,
    isWanted ? slotOf(plan, FOLD_CARRIED_EVENTS) : 0,
  );
}

function endCarried(plan: usize): void {
  if (carriedFragments == 0) return;
  const fragmentBytes = carriedFragments - slotOf(plan, FOLD_CARRIED_FRAGMENTS);
  const eventBytes = carriedEvents - slotOf(plan, FOLD_CARRIED_EVENTS);
  store<u32>(plan + (FOLD_CARRIED_FRAGMENT_COUNT << 2), <u32>(fragmentBytes / FRAGMENT_BYTES));
  store<u32>(plan + (FOLD_CARRIED_EVENT_COUNT << 2), <u32>(eventBytes / slotOf(plan, FOLD_EVENT_STRIDE)));
}

function foldBin(plan: usize, fragmentCount: u32, firstRow: i32): i32 {
  const fragments = slotOf(plan, FOLD_SORTED_FRAGMENTS);
  const fragmentsEnd = fragments + <usize>fragmentCount * FRAGMENT_BYTES;
  const stride = slotOf(plan, FOLD_EVENT_STRIDE);
  const scratch = slotOf(plan, FOLD_SCRATCH);
  let events = slotOf(plan, FOLD_SORTED_EVENTS);
  let rowCount = firstRow;
  let rangeCount = <u32>slotOf(plan, FOLD_RANGE_COUNT);
  let fragment = fragments;
  let previous: usize = 0;
  while (fragment < fragmentsEnd) {
    const pair = fragment;
    if (previous != 0 && !isAscending(previous, pair)) return STATUS_NOT_ASCENDING;
    previous = pair;
    beginPair();
    while (fragment < fragmentsEnd && compareRecords(fragment, pair, 2) == 0) {
      const session = load<u64>(fragment, 16);
      let count: u32 = 0;
      do {
        count += load<u32>(fragment, 24);
        fragment += FRAGMENT_BYTES;
      } while (
        fragment < fragmentsEnd &&
        load<u64>(fragment, 16) == session &&
        compareRecords(fragment, pair, 2) == 0
      );
      if (isRecordingSessions) recordSession(pair, session, events, count, stride, scratch);
      else foldSession(fragment - FRAGMENT_BYTES, events, count, stride, scratch);
      events += <usize>count * stride;
    }
    // Without events of its own, a pair has no row: what was carried is carried on.
    if (eventCount == 0) continue;
    rangeCount = writeRow(plan, pair, rowCount, rangeCount, scratch);
    rowCount++;
  }
  store<u32>(plan + (FOLD_RANGE_COUNT << 2), rangeCount);
  return rowCount;
}

/** Unites the pair's segments, and records its views where they are wanted. Returns how many ranges are left. */
function uniteViewed(videoHash: u64, scratch: usize): u32 {
  sortSegments(segments, storedSegments, scratch);
  const seesTwice = isRecordingViews && areOverlapping(segments, storedSegments);
  if (seesTwice) recordOverlapping(videoHash, segments, storedSegments, scratch);
  const count = uniteSorted(segments, storedSegments);
  if (isRecordingViews && !seesTwice) recordRanges(videoHash, segments, count);
  return count;
}

function writeRow(plan: usize, pair: usize, row: usize, firstRange: u32, scratch: usize): u32 {
  const columns = plan + (FOLD_COLUMNS << 2);
  wide(columns, ROW_USER, row, load<i64>(pair));
  wide(columns, ROW_VIDEO, row, load<i64>(pair, 8));
  wide(columns, ROW_WATCH, row, watchUs);
  wide(columns, ROW_MAX_POSITION, row, maxPositionUs);
  wide(columns, ROW_MAX_CREDITED_END, row, maxCreditedEndUs);
  wide(columns, ROW_SESSION_DURATION, row, sessionDurationUs);
  wide(columns, ROW_FIRST_TIMESTAMP, row, firstTimestampUs);
  wide(columns, ROW_LAST_TIMESTAMP, row, lastTimestampUs);
  narrow(columns, ROW_SESSIONS, row, sessions);
  narrow(columns, ROW_PAUSES, row, pauses);
  narrow(columns, ROW_FORWARD_SKIPS, row, forwardSkips);
  narrow(columns, ROW_BACKWARD_SKIPS, row, backwardSkips);
  narrow(columns, ROW_REPLAYS, row, replays);
  narrow(columns, ROW_COMPLETIONS, row, completions);
  narrow(columns, ROW_EVENTS, row, eventCount);
  narrow(columns, ROW_DUPLICATES, row, duplicates);
  narrow(columns, ROW_SEGMENTS, row, segmentCount);
  narrow(columns, ROW_REJECTED, row, rejected);
  narrow(columns, ROW_UNCLOSED, row, unclosed);

  let rangeCount = firstRange;
  let uniqueUs: i64 = 0;
  if (slotOf(plan, FOLD_WITH_RANGES) != 0) {
    const starts = slotOf(plan, FOLD_RANGE_STARTS);
    const ends = slotOf(plan, FOLD_RANGE_ENDS);
    const count = uniteViewed(load<u64>(pair, 8), scratch);
    for (let i: u32 = 0; i < count; i++) {
      const start = load<i64>(segments + ((<usize>i) << 4));
      const end = load<i64>(segments + ((<usize>i) << 4), 8);
      uniqueUs += end - start;
      store<f64>(starts + ((<usize>rangeCount) << 3), <f64>start / 1e6);
      store<f64>(ends + ((<usize>rangeCount) << 3), <f64>end / 1e6);
      rangeCount++;
    }
  }
  wide(columns, ROW_UNIQUE, row, uniqueUs);
  store<i32>(slotOf(plan, FOLD_RANGE_OFFSETS) + ((row + 1) << 2), rangeCount);
  return rangeCount;
}
