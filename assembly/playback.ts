/**
 * Playback: SPEC.md section 3 for the user x video pair at hand. Its events are folded one by one to credited
 * segments and counts.
 */
import {
  CARRIED_FLAG_BITS,
  CARRIED_HAS_END,
  CARRIED_LAST_WAS_END,
  CARRIED_SEGMENT_GROWS,
  CLASS_CARRIED_OPENER,
  CLASS_CARRIED_VISIT,
  CLASS_END,
  CLASS_PAUSE,
  CLASS_PROGRESS,
  CLASS_SEEK,
  EVENT_FROM_BYTES,
  FRAGMENT_BYTES,
} from '../src/kernel/layout';
import { compareRecords, sortRecords } from './sort';
import * as threshold from './thresholds';

export const NONE: i64 = -1;
/** More wall time than any segment needs: keeps the product with the playback rate inside 64 bits. */
const WALL_LIMIT_US: i64 = 100_000_000_000_000;

// The pair at hand.
export let watchUs: i64 = 0;
export let maxPositionUs: i64 = 0;
export let maxCreditedEndUs: i64 = 0;
export let sessionDurationUs: i64 = 0;
export let firstTimestampUs: i64 = 0;
export let lastTimestampUs: i64 = 0;
export let sessions: i32 = 0;
export let pauses: i32 = 0;
export let forwardSkips: i32 = 0;
export let backwardSkips: i32 = 0;
export let replays: i32 = 0;
export let completions: i32 = 0;
export let eventCount: i32 = 0;
export let duplicates: i32 = 0;
export let segmentCount: i32 = 0;
export let rejected: i32 = 0;
export let unclosed: i32 = 0;
export let segments: usize = 0;
export let storedSegments: u32 = 0;

// The visit at hand: SPEC.md's `open`, `closedAt` and `lastWasEnd`.
export let openUs: i64 = NONE;
export let openTimestampUs: i64 = 0;
export let closedUs: i64 = NONE;
export let lastWasEnd: bool = false;
let segmentGrows: bool = false;
export let hasEnd: bool = false;

// What sessions leave behind for a later fold: no fragments are written where the pointer is 0.
export let carriedFragments: usize = 0;
export let carriedEvents: usize = 0;
/** When the visit that is gone on with was last seen. */
let resumedUs: i64 = 0;

export type PlainLoop = i32;
export type RecordedLoop = i64;

/** Where the credited segments of a pair go: i64 start and end each. */
export function placeSegments(ptr: usize): void {
  segments = ptr;
}

/** Where sessions leave their fragments and records behind, or 0. */
export function placeCarried(fragments: usize, events: usize): void {
  carriedFragments = fragments;
  carriedEvents = events;
}

export function beginPair(): void {
  watchUs = maxPositionUs = maxCreditedEndUs = sessionDurationUs = 0;
  firstTimestampUs = i64.MAX_VALUE;
  lastTimestampUs = i64.MIN_VALUE;
  sessions = pauses = forwardSkips = backwardSkips = replays = completions = 0;
  eventCount = duplicates = segmentCount = rejected = unclosed = 0;
  storedSegments = 0;
}

export function beginVisit(): void {
  sessions++;
  openUs = closedUs = NONE;
  lastWasEnd = segmentGrows = hasEnd = false;
}

export function endVisit(durationUs: i64): void {
  if (openUs != NONE) unclosed++;
  if (hasEnd) completions++;
  sessionDurationUs += durationUs;
}

/**
 * Goes on with the visit that an earlier fold ended and counted: takes back what the visit's end counted, so that
 * the rows of both folds add up. Returns how many records it took.
 */
function resumeVisit(records: usize, count: u32, stride: usize): u32 {
  let record = records;
  openUs = closedUs = NONE;
  lastWasEnd = segmentGrows = hasEnd = false;
  if ((load<i64>(record) & 7) == CLASS_CARRIED_OPENER) {
    openAt(load<i64>(record, 8), load<i64>(record) >> 3);
    unclosed--;
    resumedUs = openTimestampUs;
    record += stride;
    // An event older than the horizon, which the host finds by the row's first timestamp.
    if (count == 1 || (load<i64>(record) & 7) != CLASS_CARRIED_VISIT) return 1;
  }
  const word = load<i64>(record, 8);
  resumedUs = load<i64>(record) >> 3;
  closedUs = (word >> CARRIED_FLAG_BITS) - 1;
  lastWasEnd = (word & CARRIED_LAST_WAS_END) != 0;
  hasEnd = (word & CARRIED_HAS_END) != 0;
  if (hasEnd) completions--;
  if ((word & CARRIED_SEGMENT_GROWS) != 0) {
    // The segment is counted already; without a length it changes nothing unless it grows.
    segmentGrows = true;
    store<i64>(segments + ((<usize>storedSegments) << 4), openUs);
    store<i64>(segments + ((<usize>storedSegments) << 4), openUs, 8);
    storedSegments++;
  }
  return <u32>((record - records) / stride) + 1;
}

/** Leaves behind what an event at the horizon or later may go on from: a visit in time, or one still open. */
function carryVisit(fragment: usize, previousUs: i64, stride: usize): void {
  const isOver =
    openUs == NONE &&
    threshold.sessionTimeoutUs > 0 &&
    threshold.horizonUs - previousUs > threshold.sessionTimeoutUs;
  if (isOver) return;
  memory.copy(carriedFragments, fragment, 24);
  store<u64>(carriedFragments, openUs == NONE ? 1 : 2, 24);
  carriedFragments += FRAGMENT_BYTES;
  if (openUs != NONE) writeRecord(openTimestampUs, CLASS_CARRIED_OPENER, openUs, stride);
  let word = (closedUs + 1) << CARRIED_FLAG_BITS;
  if (lastWasEnd) word |= CARRIED_LAST_WAS_END;
  if (segmentGrows && openUs != NONE) word |= CARRIED_SEGMENT_GROWS;
  if (hasEnd) word |= CARRIED_HAS_END;
  writeRecord(previousUs, CLASS_CARRIED_VISIT, word, stride);
}

function writeRecord(timestampUs: i64, eventClass: i64, word: i64, stride: usize): void {
  store<i64>(carriedEvents, (timestampUs << 3) | eventClass);
  store<i64>(carriedEvents, word, 8);
  if (stride == EVENT_FROM_BYTES) store<i64>(carriedEvents, 0, 16);
  carriedEvents += stride;
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

/** `Loop` only gives each loop that calls this a copy of its own, which the compiler can then build in. */
// biome-ignore lint/correctness/noUnusedVariables: it tells the copies apart
export function applyEvent<Loop>(eventClass: i32, positionUs: i64, fromUs: i64, timestampUs: i64): void {
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

export function countEvent(positionUs: i64): void {
  if (positionUs > maxPositionUs) maxPositionUs = positionUs;
  eventCount++;
}

export function countDuplicate(): void {
  duplicates++;
}

export function endSession(firstUs: i64, lastUs: i64): void {
  firstTimestampUs = min(firstTimestampUs, firstUs);
  lastTimestampUs = max(lastTimestampUs, lastUs);
}

/** Whether a credited segment reaches from before a gap to the event behind it. */
export function spansGap(eventClass: i32, positionUs: i64, fromUs: i64, timestampUs: i64): bool {
  if (openUs == NONE) return false;
  if (eventClass == CLASS_SEEK) return fromUs != NONE && isCredited(fromUs, timestampUs);
  return (
    (eventClass == CLASS_PROGRESS || eventClass == CLASS_PAUSE || eventClass == CLASS_END) &&
    isCredited(positionUs, timestampUs)
  );
}

/**
 * Folds the `count` events of one session id, whose hashes lie at `fragment`: sorts them, drops duplicates, splits
 * visits, and goes on with a visit that an earlier fold left behind.
 */
export function foldSession(fragment: usize, events: usize, count: u32, stride: usize, scratch: usize): void {
  const keyWords = <u32>(stride >> 3);
  sortRecords(events, count, stride, keyWords, scratch);
  let visitStartUs: i64 = load<i64>(events) >> 3;
  let first: u32 = 0;
  if ((load<i64>(events) & 7) >= CLASS_CARRIED_OPENER) {
    first = resumeVisit(events, count, stride);
    visitStartUs = resumedUs;
  } else beginVisit();
  let previousUs = visitStartUs;
  for (let i = first; i < count; i++) {
    const event = events + <usize>i * stride;
    if (i > 0 && compareRecords(event - stride, event, keyWords) == 0) {
      countDuplicate();
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
    applyEvent<PlainLoop>(eventClass, positionUs, fromUs, timestampUs);
    countEvent(positionUs);
    previousUs = timestampUs;
  }
  endVisit(previousUs - visitStartUs);
  if (first < count) endSession(load<i64>(events + <usize>first * stride) >> 3, previousUs);
  if (carriedFragments != 0) carryVisit(fragment, previousUs, stride);
}
