/**
 * Fold: SPEC.md section 3 over one partition. Sessions are folded to credited segments; at the end of each
 * user x video pair its segments are united and one row is written to the output columns.
 */
import {
  CLASS_END,
  CLASS_PAUSE,
  CLASS_PROGRESS,
  CLASS_SEEK,
  EVENT_FROM_BYTES,
  FOLD_BIN_COUNT,
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
import { groupBin } from './group';
import { uniteSegments } from './intervals';
import { slotOf } from './memory';
import { compareRecords, sortRecords } from './sort';
import * as threshold from './thresholds';

const NONE: i64 = -1;
/** More wall time than any segment needs: keeps the product with the playback rate inside 64 bits. */
const WALL_LIMIT_US: i64 = 100_000_000_000_000;

// The pair at hand.
let watchUs: i64 = 0;
let maxPositionUs: i64 = 0;
let maxCreditedEndUs: i64 = 0;
let sessionDurationUs: i64 = 0;
let firstTimestampUs: i64 = 0;
let lastTimestampUs: i64 = 0;
let sessions: i32 = 0;
let pauses: i32 = 0;
let forwardSkips: i32 = 0;
let backwardSkips: i32 = 0;
let replays: i32 = 0;
let completions: i32 = 0;
let eventCount: i32 = 0;
let duplicates: i32 = 0;
let segmentCount: i32 = 0;
let rejected: i32 = 0;
let unclosed: i32 = 0;
let segments: usize = 0;
let storedSegments: u32 = 0;

// The visit at hand: SPEC.md's `open`, `closedAt` and `lastWasEnd`.
let openUs: i64 = NONE;
let openTimestampUs: i64 = 0;
let closedUs: i64 = NONE;
let lastWasEnd: bool = false;
let segmentGrows: bool = false;
let hasEnd: bool = false;

function beginPair(): void {
  watchUs = maxPositionUs = maxCreditedEndUs = sessionDurationUs = 0;
  firstTimestampUs = i64.MAX_VALUE;
  lastTimestampUs = i64.MIN_VALUE;
  sessions = pauses = forwardSkips = backwardSkips = replays = completions = 0;
  eventCount = duplicates = segmentCount = rejected = unclosed = 0;
  storedSegments = 0;
}

function beginVisit(): void {
  sessions++;
  openUs = closedUs = NONE;
  lastWasEnd = segmentGrows = hasEnd = false;
}

function endVisit(durationUs: i64): void {
  if (openUs != NONE) unclosed++;
  if (hasEnd) completions++;
  sessionDurationUs += durationUs;
}

function openAt(positionUs: i64, timestampUs: i64): void {
  openUs = positionUs;
  openTimestampUs = timestampUs;
}

function isCredited(endUs: i64, timestampUs: i64): bool {
  const lengthUs = endUs - openUs;
  if (lengthUs <= 0 || lengthUs > threshold.maxSegmentUs) return false;
  const wallUs = min(timestampUs - openTimestampUs, WALL_LIMIT_US);
  return (lengthUs - threshold.toleranceUs) * 1000 <= wallUs * threshold.ratePerMille;
}

/** The candidate from where watching started to `endUs`: credited, rejected, or of no length. */
function closeSegment(endUs: i64, timestampUs: i64): void {
  if (endUs == openUs) return;
  if (!isCredited(endUs, timestampUs)) {
    rejected++;
    segmentGrows = false;
    return;
  }
  watchUs += endUs - openUs;
  if (endUs > maxCreditedEndUs) maxCreditedEndUs = endUs;
  if (segmentGrows) {
    store<i64>(segments + ((<usize>(storedSegments - 1)) << 4), endUs, 8);
    return;
  }
  segmentGrows = true;
  segmentCount++;
  store<i64>(segments + ((<usize>storedSegments) << 4), openUs);
  store<i64>(segments + ((<usize>storedSegments) << 4), endUs, 8);
  storedSegments++;
}

function testSkip(distanceUs: i64): void {
  if (distanceUs > threshold.forwardSkipUs) forwardSkips++;
  else if (distanceUs < -threshold.backwardSkipUs) backwardSkips++;
}

function applySeek(positionUs: i64, fromUs: i64, timestampUs: i64): void {
  if (fromUs != NONE) {
    if (openUs != NONE) closeSegment(fromUs, timestampUs);
    testSkip(positionUs - fromUs);
  } else if (openUs != NONE) unclosed++;
  else if (closedUs != NONE && !lastWasEnd) testSkip(positionUs - closedUs);

  if (openUs != NONE) {
    openAt(positionUs, timestampUs);
    segmentGrows = false;
  } else {
    closedUs = positionUs;
    lastWasEnd = false;
  }
}

function applyEvent(eventClass: i32, positionUs: i64, fromUs: i64, timestampUs: i64): void {
  if (eventClass == CLASS_SEEK) {
    applySeek(positionUs, fromUs, timestampUs);
  } else if (eventClass == CLASS_PROGRESS) {
    if (openUs == NONE) return;
    closeSegment(positionUs, timestampUs);
    openAt(positionUs, timestampUs);
  } else if (eventClass == CLASS_PAUSE || eventClass == CLASS_END) {
    if (openUs != NONE) closeSegment(positionUs, timestampUs);
    openUs = NONE;
    closedUs = positionUs;
    lastWasEnd = eventClass == CLASS_END;
    if (lastWasEnd) hasEnd = true;
    else pauses++;
  } else {
    if (openUs != NONE) unclosed++;
    else if (lastWasEnd) replays++;
    else if (closedUs != NONE) testSkip(positionUs - closedUs);
    openAt(positionUs, timestampUs);
    segmentGrows = false;
  }
}

/** Whether a credited segment reaches from before a gap to the event behind it. */
function spansGap(eventClass: i32, positionUs: i64, fromUs: i64, timestampUs: i64): bool {
  if (openUs == NONE) return false;
  if (eventClass == CLASS_SEEK) return fromUs != NONE && isCredited(fromUs, timestampUs);
  return (
    (eventClass == CLASS_PROGRESS || eventClass == CLASS_PAUSE || eventClass == CLASS_END) &&
    isCredited(positionUs, timestampUs)
  );
}

/** Folds the `count` events of one session id: sorts them, drops duplicates, splits visits. */
function foldSession(events: usize, count: u32, stride: usize, scratch: usize): void {
  const keyWords = <u32>(stride >> 3);
  sortRecords(events, count, stride, keyWords, scratch);
  let visitStartUs: i64 = load<i64>(events) >> 3;
  let previousUs = visitStartUs;
  beginVisit();
  for (let i: u32 = 0; i < count; i++) {
    const event = events + <usize>i * stride;
    if (i > 0 && compareRecords(event - stride, event, keyWords) == 0) {
      duplicates++;
      continue;
    }
    const word = load<i64>(event);
    const timestampUs = word >> 3;
    const eventClass = <i32>(word & 7);
    const positionUs = load<i64>(event, 8);
    const fromUs = stride == EVENT_FROM_BYTES ? load<i64>(event, 16) - 1 : NONE;
    if (
      threshold.sessionTimeoutUs > 0 &&
      timestampUs - previousUs > threshold.sessionTimeoutUs &&
      !spansGap(eventClass, positionUs, fromUs, timestampUs)
    ) {
      endVisit(previousUs - visitStartUs);
      beginVisit();
      visitStartUs = timestampUs;
    }
    applyEvent(eventClass, positionUs, fromUs, timestampUs);
    if (positionUs > maxPositionUs) maxPositionUs = positionUs;
    eventCount++;
    previousUs = timestampUs;
  }
  endVisit(previousUs - visitStartUs);
  firstTimestampUs = min(firstTimestampUs, load<i64>(events) >> 3);
  lastTimestampUs = max(lastTimestampUs, previousUs);
}

/**
 * Folds the bins of `pieceCount` pieces, one after the other. Returns the number of rows written to the output
 * columns, in the order (user, video); the number of their ranges is left in FOLD_RANGE_COUNT.
 */
export function foldPartition(plan: usize, pieceCount: i32): i32 {
  threshold.loadThresholds(slotOf(plan, FOLD_THRESHOLDS));
  segments = slotOf(plan, FOLD_SEGMENTS);
  const binCount = <u32>slotOf(plan, FOLD_BIN_COUNT);
  let rowCount: i32 = 0;
  store<u32>(slotOf(plan, FOLD_RANGE_OFFSETS), 0);
  store<u32>(plan + (FOLD_RANGE_COUNT << 2), 0);
  for (let bin: u32 = 0; bin < binCount; bin++) {
    rowCount = foldBin(plan, groupBin(plan, bin, pieceCount), rowCount);
    if (rowCount < 0) return rowCount;
  }
  return rowCount;
}

/** Whether pair b comes behind pair a: buckets order users as unsigned numbers, the sort in them videos as signed. */
function isAscending(a: usize, b: usize): bool {
  if (load<u64>(a) != load<u64>(b)) return load<u64>(a) < load<u64>(b);
  return load<i64>(a, 8) < load<i64>(b, 8);
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
      foldSession(events, count, stride, scratch);
      events += <usize>count * stride;
    }
    rangeCount = writeRow(plan, pair, rowCount, rangeCount, scratch);
    rowCount++;
  }
  store<u32>(plan + (FOLD_RANGE_COUNT << 2), rangeCount);
  return rowCount;
}

function wide(columns: usize, column: usize, row: usize, value: i64): void {
  store<i64>(<usize>load<u32>(columns + (column << 2)) + (row << 3), value);
}

function narrow(columns: usize, column: usize, row: usize, value: i32): void {
  store<i32>(<usize>load<u32>(columns + (column << 2)) + (row << 2), value);
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
    const count = uniteSegments(segments, storedSegments, scratch);
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
