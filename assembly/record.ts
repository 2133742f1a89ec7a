/**
 * Records: what a fold can tell beside its rows, for further tables and for `explain`. The loop is that of
 * foldSession, and what an event does is applyEvent's: only what came of it is written down.
 */
import {
  EVENT_FROM_BYTES,
  FOLD_PLAY_COLUMNS,
  FOLD_PLAYS,
  FOLD_RECORD_SCRATCH,
  FOLD_STEP_COLUMNS,
  FOLD_STEPS,
  FOLD_VISIT_COLUMNS,
  FOLD_VISITS,
  PLAY_END,
  PLAY_FIRST_TIMESTAMP,
  PLAY_LAST_TIMESTAMP,
  PLAY_SESSION,
  PLAY_START,
  PLAY_USER,
  PLAY_VIDEO,
  PLAY_VISIT,
  STEP_BACKWARD_SKIPS,
  STEP_CLOSED,
  STEP_CREDITED,
  STEP_DUPLICATE,
  STEP_FORWARD_SKIPS,
  STEP_FROM,
  STEP_LEFT_OPEN,
  STEP_OPEN,
  STEP_OPEN_TIMESTAMP,
  STEP_POSITION,
  STEP_REJECTED,
  STEP_REPLAYS,
  STEP_SESSION,
  STEP_UNCLOSED,
  STEP_USER,
  STEP_VIDEO,
  STEP_VISIT,
  STEP_WORD,
  VISIT_BACKWARD_SKIPS,
  VISIT_COMPLETED,
  VISIT_DUPLICATES,
  VISIT_EVENTS,
  VISIT_FIRST_TIMESTAMP,
  VISIT_FORWARD_SKIPS,
  VISIT_LAST_TIMESTAMP,
  VISIT_MAX_POSITION,
  VISIT_NUMBER,
  VISIT_PAUSES,
  VISIT_REJECTED,
  VISIT_REPLAYS,
  VISIT_SEGMENTS,
  VISIT_SESSION,
  VISIT_UNCLOSED,
  VISIT_UNIQUE,
  VISIT_USER,
  VISIT_VIDEO,
  VISIT_WATCH,
} from '../src/kernel/layout';
import { narrow, wide } from './columns';
import { sortSegments, uniteSorted } from './intervals';
import { slotOf } from './memory';
import * as play from './playback';
import { compareRecords, sortRecords } from './sort';
import * as threshold from './thresholds';

/** Whether records of sessions are wanted in this fold: these are then gone through event by event. */
export let isRecordingSessions: bool = false;

let plan: usize = 0;
let times: usize = 0; // i64[2] a segment of the pair: wall times of its start and end

// The pair's counts when the visit at hand began: what is more now came with the visit.
let visit: i32 = 0;
let watchBefore: i64 = 0;
let pausesBefore: i32 = 0;
let forwardSkipsBefore: i32 = 0;
let backwardSkipsBefore: i32 = 0;
let replaysBefore: i32 = 0;
let eventsBefore: i32 = 0;
let duplicatesBefore: i32 = 0;
let segmentsBefore: i32 = 0;
let rejectedBefore: i32 = 0;
let unclosedBefore: i32 = 0;
let storedBefore: u32 = 0;

/** Looks up what the plan wants recorded, and counts from 0. */
export function beginRecords(foldPlan: usize): void {
  plan = foldPlan;
  times = slotOf(plan, FOLD_RECORD_SCRATCH);
  isRecordingSessions =
    slotOf(plan, FOLD_VISIT_COLUMNS) != 0 ||
    slotOf(plan, FOLD_PLAY_COLUMNS) != 0 ||
    slotOf(plan, FOLD_STEP_COLUMNS) != 0;
  setCount(FOLD_VISITS, 0);
  setCount(FOLD_PLAYS, 0);
  setCount(FOLD_STEPS, 0);
}

function setCount(slot: usize, count: usize): void {
  store<u32>(plan + (slot << 2), <u32>count);
}

/** The column pointers of a record, or 0 where it is not wanted. */
function columnsOf(slot: usize): usize {
  return slotOf(plan, slot) == 0 ? 0 : plan + (slot << 2);
}

function beginVisit(): void {
  watchBefore = play.watchUs;
  pausesBefore = play.pauses;
  forwardSkipsBefore = play.forwardSkips;
  backwardSkipsBefore = play.backwardSkips;
  replaysBefore = play.replays;
  eventsBefore = play.eventCount;
  duplicatesBefore = play.duplicates;
  segmentsBefore = play.segmentCount;
  rejectedBefore = play.rejected;
  unclosedBefore = play.unclosed;
  storedBefore = play.storedSegments;
  visit++;
  play.beginVisit();
}

/** foldSession, recorded. `pair` points at the hashes of user and video. */
export function recordSession(
  pair: usize,
  session: u64,
  events: usize,
  count: u32,
  stride: usize,
  scratch: usize,
): void {
  const keyWords = <u32>(stride >> 3);
  sortRecords(events, count, stride, keyWords, scratch);
  let visitEvents = events;
  let previousUs = load<i64>(events) >> 3;
  visit = 0;
  beginVisit();
  for (let i: u32 = 0; i < count; i++) {
    const event = events + <usize>i * stride;
    if (i > 0 && compareRecords(event - stride, event, keyWords) == 0) {
      play.countDuplicate();
      recordStep(pair, session, event, stride, true);
      continue;
    }
    const word = load<i64>(event);
    const timestampUs = word >> 3;
    const eventClass = <i32>(word & 7);
    const positionUs = load<i64>(event, 8);
    const fromUs = fromOf(event, stride);
    if (
      threshold.sessionTimeoutUs > 0 &&
      timestampUs - previousUs > threshold.sessionTimeoutUs &&
      !play.spansGap(eventClass, positionUs, fromUs, timestampUs)
    ) {
      endVisit(pair, session, visitEvents, event, stride, scratch);
      beginVisit();
      visitEvents = event;
    }
    const step = beginStep();
    const openedUs = play.openTimestampUs;
    const stored = play.storedSegments;
    const watchUs = play.watchUs;
    play.applyEvent<play.RecordedLoop>(eventClass, positionUs, fromUs, timestampUs);
    play.countEvent(positionUs);
    if (play.watchUs != watchUs) noteTimes(stored, openedUs, timestampUs);
    if (step) recordStep(pair, session, event, stride, false);
    previousUs = timestampUs;
  }
  endVisit(pair, session, visitEvents, events + <usize>count * stride, stride, scratch);
  play.endSession(load<i64>(events) >> 3, previousUs);
}

function fromOf(event: usize, stride: usize): i64 {
  return stride == EVENT_FROM_BYTES ? load<i64>(event, 16) - 1 : play.NONE;
}

/** The last segment was begun, or it grew: `stored` is how many there were before. */
function noteTimes(stored: u32, openedUs: i64, timestampUs: i64): void {
  const place = times + ((<usize>(play.storedSegments - 1)) << 4);
  if (play.storedSegments != stored) store<i64>(place, openedUs);
  store<i64>(place, timestampUs, 8);
}

/** Ends the visit whose events, duplicates among them, lie from `events` to `eventsEnd`. */
function endVisit(
  pair: usize,
  session: u64,
  events: usize,
  eventsEnd: usize,
  stride: usize,
  scratch: usize,
): void {
  const firstUs = load<i64>(events) >> 3;
  const lastUs = load<i64>(eventsEnd - stride) >> 3;
  play.endVisit(lastUs - firstUs);
  recordPlays(pair, session);
  recordLeftOpen();
  const columns = columnsOf(FOLD_VISIT_COLUMNS);
  if (columns == 0) return;
  let maxPositionUs: i64 = 0;
  for (let event = events; event < eventsEnd; event += stride) {
    maxPositionUs = max(maxPositionUs, load<i64>(event, 8));
  }
  const row = slotOf(plan, FOLD_VISITS);
  wide(columns, VISIT_USER, row, load<i64>(pair));
  wide(columns, VISIT_VIDEO, row, load<i64>(pair, 8));
  wide(columns, VISIT_SESSION, row, session);
  wide(columns, VISIT_FIRST_TIMESTAMP, row, firstUs);
  wide(columns, VISIT_LAST_TIMESTAMP, row, lastUs);
  wide(columns, VISIT_WATCH, row, play.watchUs - watchBefore);
  wide(columns, VISIT_UNIQUE, row, uniqueOfVisit(scratch));
  wide(columns, VISIT_MAX_POSITION, row, maxPositionUs);
  narrow(columns, VISIT_NUMBER, row, visit);
  narrow(columns, VISIT_PAUSES, row, play.pauses - pausesBefore);
  narrow(columns, VISIT_FORWARD_SKIPS, row, play.forwardSkips - forwardSkipsBefore);
  narrow(columns, VISIT_BACKWARD_SKIPS, row, play.backwardSkips - backwardSkipsBefore);
  narrow(columns, VISIT_REPLAYS, row, play.replays - replaysBefore);
  narrow(columns, VISIT_COMPLETED, row, play.hasEnd ? 1 : 0);
  narrow(columns, VISIT_EVENTS, row, play.eventCount - eventsBefore);
  narrow(columns, VISIT_DUPLICATES, row, play.duplicates - duplicatesBefore);
  narrow(columns, VISIT_SEGMENTS, row, play.segmentCount - segmentsBefore);
  narrow(columns, VISIT_REJECTED, row, play.rejected - rejectedBefore);
  narrow(columns, VISIT_UNCLOSED, row, play.unclosed - unclosedBefore);
  setCount(FOLD_VISITS, row + 1);
}

/** Behind the wall times of the pair's segments: room for a copy of its segments. */
function copyOfSegments(first: u32): usize {
  const copy = times + ((<usize>play.storedSegments) << 4);
  memory.copy(copy, play.segments + ((<usize>first) << 4), (<usize>(play.storedSegments - first)) << 4);
  return copy;
}

function uniqueOfVisit(scratch: usize): i64 {
  const copy = copyOfSegments(storedBefore);
  sortSegments(copy, play.storedSegments - storedBefore, scratch);
  const count = uniteSorted(copy, play.storedSegments - storedBefore);
  let uniqueUs: i64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const segment = copy + ((<usize>i) << 4);
    uniqueUs += load<i64>(segment, 8) - load<i64>(segment);
  }
  return uniqueUs;
}

function recordPlays(pair: usize, session: u64): void {
  const columns = columnsOf(FOLD_PLAY_COLUMNS);
  if (columns == 0) return;
  let row = slotOf(plan, FOLD_PLAYS);
  for (let i = storedBefore; i < play.storedSegments; i++) {
    const segment = play.segments + ((<usize>i) << 4);
    const wall = times + ((<usize>i) << 4);
    wide(columns, PLAY_USER, row, load<i64>(pair));
    wide(columns, PLAY_VIDEO, row, load<i64>(pair, 8));
    wide(columns, PLAY_SESSION, row, session);
    wide(columns, PLAY_START, row, load<i64>(segment));
    wide(columns, PLAY_END, row, load<i64>(segment, 8));
    wide(columns, PLAY_FIRST_TIMESTAMP, row, load<i64>(wall));
    wide(columns, PLAY_LAST_TIMESTAMP, row, load<i64>(wall, 8));
    narrow(columns, PLAY_VISIT, row, visit);
    row++;
  }
  setCount(FOLD_PLAYS, row);
}

// What an event found, for its step.
let openBefore: i64 = 0;
let openTimestampBefore: i64 = 0;
let closedBefore: i64 = 0;
let stepWatch: i64 = 0;
let stepRejected: i32 = 0;
let stepUnclosed: i32 = 0;
let stepForwardSkips: i32 = 0;
let stepBackwardSkips: i32 = 0;
let stepReplays: i32 = 0;

/** Notes the state before an event. Answers whether steps are wanted. */
function beginStep(): bool {
  if (columnsOf(FOLD_STEP_COLUMNS) == 0) return false;
  openBefore = play.openUs;
  openTimestampBefore = play.openUs == play.NONE ? play.NONE : play.openTimestampUs;
  closedBefore = play.lastWasEnd ? play.NONE : play.closedUs;
  stepWatch = play.watchUs;
  stepRejected = play.rejected;
  stepUnclosed = play.unclosed;
  stepForwardSkips = play.forwardSkips;
  stepBackwardSkips = play.backwardSkips;
  stepReplays = play.replays;
  return true;
}

function recordStep(pair: usize, session: u64, event: usize, stride: usize, isDuplicate: bool): void {
  if (isDuplicate && !beginStep()) return;
  const columns = columnsOf(FOLD_STEP_COLUMNS);
  const row = slotOf(plan, FOLD_STEPS);
  wide(columns, STEP_USER, row, load<i64>(pair));
  wide(columns, STEP_VIDEO, row, load<i64>(pair, 8));
  wide(columns, STEP_SESSION, row, session);
  wide(columns, STEP_WORD, row, load<i64>(event));
  wide(columns, STEP_POSITION, row, load<i64>(event, 8));
  wide(columns, STEP_FROM, row, fromOf(event, stride));
  wide(columns, STEP_OPEN, row, openBefore);
  wide(columns, STEP_OPEN_TIMESTAMP, row, openTimestampBefore);
  wide(columns, STEP_CLOSED, row, closedBefore);
  wide(columns, STEP_CREDITED, row, play.watchUs - stepWatch);
  narrow(columns, STEP_VISIT, row, visit);
  narrow(columns, STEP_DUPLICATE, row, isDuplicate ? 1 : 0);
  narrow(columns, STEP_REJECTED, row, play.rejected - stepRejected);
  narrow(columns, STEP_UNCLOSED, row, play.unclosed - stepUnclosed);
  narrow(columns, STEP_FORWARD_SKIPS, row, play.forwardSkips - stepForwardSkips);
  narrow(columns, STEP_BACKWARD_SKIPS, row, play.backwardSkips - stepBackwardSkips);
  narrow(columns, STEP_REPLAYS, row, play.replays - stepReplays);
  narrow(columns, STEP_LEFT_OPEN, row, 0);
  setCount(FOLD_STEPS, row + 1);
}

/** Marks the last event of a visit that ended with something open. */
function recordLeftOpen(): void {
  const columns = columnsOf(FOLD_STEP_COLUMNS);
  if (columns != 0 && play.openUs != play.NONE)
    narrow(columns, STEP_LEFT_OPEN, slotOf(plan, FOLD_STEPS) - 1, 1);
}
