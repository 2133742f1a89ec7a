/**
 * Views: how often the user of a pair saw each part of its video, as steps: the words that layout.ts draws. Parts are
 * the buckets of the video where these are known, of which the most watched moment counts, and else all moments.
 */
import {
  BUCKET_BITS,
  FOLD_BUCKET_VIEW_COLUMNS,
  FOLD_BUCKET_VIEWS,
  FOLD_POSITION_VIEW_COLUMNS,
  FOLD_POSITION_VIEWS,
  FOLD_VIDEO_BUCKET_COUNTS,
  FOLD_VIDEO_BUCKET_US,
  FOLD_VIDEO_HASHES,
  FOLD_VIDEO_PLACE_COUNT,
  FOLD_VIDEO_PLACES,
  MAX_BUCKETS,
  POSITION_BITS,
  TIMES_BEHIND,
} from '../src/kernel/layout';
import { slotOf } from './memory';
import { sortRecords } from './sort';

const UNKNOWN: i32 = -1;

/** Whether views are to be recorded in this fold. */
export let isRecordingViews: bool = false;

let plan: usize = 0;
let hashes: usize = 0;
let places: usize = 0;
let placeCount: u32 = 0;

// Where the next word goes.
let bucketWord: usize = 0;
let positionWord: usize = 0;

// The pair at hand: its video, and the last step so far, which later pieces may still change.
let video: i32 = UNKNOWN;
let bucketUs: f64 = 0;
let lastBucket: i32 = 0;
let stepFrom: i64 = 0;
let stepEnd: i64 = 0;
let stepTimes: i32 = 0;

/** Looks up what the plan wants recorded, and counts from 0. */
export function beginViews(foldPlan: usize): void {
  plan = foldPlan;
  bucketWord = slotOf(plan, FOLD_BUCKET_VIEW_COLUMNS);
  positionWord = slotOf(plan, FOLD_POSITION_VIEW_COLUMNS);
  isRecordingViews = bucketWord != 0 && positionWord != 0;
  hashes = slotOf(plan, FOLD_VIDEO_HASHES);
  places = slotOf(plan, FOLD_VIDEO_PLACES);
  placeCount = <u32>slotOf(plan, FOLD_VIDEO_PLACE_COUNT);
}

/** Leaves the numbers of words in the plan. */
export function endViews(): void {
  const bucketBytes = bucketWord - slotOf(plan, FOLD_BUCKET_VIEW_COLUMNS);
  const positionBytes = positionWord - slotOf(plan, FOLD_POSITION_VIEW_COLUMNS);
  store<u32>(plan + (FOLD_BUCKET_VIEWS << 2), <u32>(bucketBytes >> 2));
  store<u32>(plan + (FOLD_POSITION_VIEWS << 2), <u32>(positionBytes >> 3));
}

function placeOf(place: u32): i32 {
  return load<i32>(places + ((<usize>(place & (placeCount - 1))) << 2));
}

/** The number of a video, or UNKNOWN. The host fills the table by the same rule. */
function findVideo(hash: u64): i32 {
  if (placeCount == 0) return UNKNOWN;
  let place = (<u32>hash * 0x9e3779b1) ^ <u32>(hash >> 32);
  let found = placeOf(place);
  while (found != UNKNOWN && load<u64>(hashes + ((<usize>found) << 3)) != hash) found = placeOf(++place);
  return found;
}

function beginPair(hash: u64): void {
  video = findVideo(hash);
  stepFrom = i64.MAX_VALUE;
  stepEnd = -1;
  stepTimes = 0;
  if (video == UNKNOWN) {
    store<u64>(positionWord, hash);
    positionWord += 8;
    return;
  }
  bucketUs = load<f64>(slotOf(plan, FOLD_VIDEO_BUCKET_US) + ((<usize>video) << 3));
  lastBucket = load<u16>(slotOf(plan, FOLD_VIDEO_BUCKET_COUNTS) + ((<usize>video) << 1)) - 1;
  store<i32>(bucketWord, video);
  bucketWord += 4;
}

/** The last bucket holds what lies behind the end, too. Exact: positions end at 1e13 µs, the product below 2 ^ 53. */
function bucketOf(positionUs: i64): i32 {
  return min(<i32>((<f64>positionUs * <f64>MAX_BUCKETS) / bucketUs), lastBucket);
}

function addPiece(fromUs: i64, endUs: i64, times: i32): void {
  if (video == UNKNOWN) addPlaces(fromUs, endUs, times);
  else addPlaces(bucketOf(fromUs), bucketOf(endUs - 1) + 1, times);
}

/** Pieces ascend and are apart, but two may meet in one bucket: the next step begins there, or behind it. */
function addPlaces(from: i64, end: i64, times: i32): void {
  if (from < stepEnd) {
    from = times > stepTimes ? from : stepEnd;
    if (from == end) return;
  } else if (stepEnd < from && stepTimes > 0) {
    writeStep(stepFrom, stepTimes, false);
    stepFrom = stepEnd;
    stepTimes = 0;
  }
  if (times != stepTimes) {
    if (stepFrom < from) writeStep(stepFrom, stepTimes, false);
    stepFrom = from;
    stepTimes = times;
  }
  stepEnd = end;
}

function endPair(): void {
  writeStep(stepFrom, stepTimes, false);
  writeStep(stepEnd, 0, true);
}

function writeStep(place: i64, times: i32, isLast: bool): void {
  const isBehind = times >= TIMES_BEHIND;
  const shown = isBehind ? TIMES_BEHIND : times;
  if (video == UNKNOWN) {
    store<i64>(positionWord, place | ((<i64>shown) << POSITION_BITS) | (isLast ? i64.MIN_VALUE : 0));
    if (isBehind) store<i64>(positionWord, times, 8);
    positionWord += isBehind ? 16 : 8;
  } else {
    store<i32>(bucketWord, <i32>place | (shown << BUCKET_BITS) | (isLast ? i32.MIN_VALUE : 0));
    if (isBehind) store<i32>(bucketWord, times, 4);
    bucketWord += isBehind ? 8 : 4;
  }
}

/** Whether two of some sorted segments (i64 start, i64 end) share more than a moment. */
export function areOverlapping(segments: usize, count: u32): bool {
  for (let i: u32 = 1; i < count; i++) {
    const segment = segments + ((<usize>i) << 4);
    if (load<i64>(segment) < load<i64>(segment - 8)) return true;
  }
  return false;
}

/** Records the views of a pair that saw nothing twice, from its united segments. */
export function recordRanges(videoHash: u64, ranges: usize, count: u32): void {
  if (count == 0) return;
  beginPair(videoHash);
  for (let i: u32 = 0; i < count; i++) {
    const range = ranges + ((<usize>i) << 4);
    addPiece(load<i64>(range), load<i64>(range, 8), 1);
  }
  endPair();
}

/**
 * Records the views of a pair from its sorted segments: all their starts and ends are met in turn. `scratch` has room
 * for as many segments.
 */
export function recordOverlapping(videoHash: u64, segments: usize, count: u32, scratch: usize): void {
  const ends = scratch;
  for (let i: usize = 0; i < <usize>count; i++) {
    store<i64>(ends + (i << 3), load<i64>(segments + (i << 4), 8));
  }
  sortRecords(ends, count, 8, 1, ends + ((<usize>count) << 3));
  beginPair(videoHash);
  let started: usize = 0;
  let depth: i32 = 0;
  let fromUs: i64 = 0;
  for (let ended: usize = 0; ended < <usize>count; ) {
    const endUs = load<i64>(ends + (ended << 3));
    const startUs = started < <usize>count ? load<i64>(segments + (started << 4)) : i64.MAX_VALUE;
    if (startUs <= endUs) started++;
    if (endUs <= startUs) ended++;
    // One that ends where another starts leaves the depth as it is.
    if (startUs == endUs) continue;
    const positionUs = min(startUs, endUs);
    if (depth > 0 && positionUs > fromUs) addPiece(fromUs, positionUs, depth);
    depth += startUs < endUs ? 1 : -1;
    fromUs = positionUs;
  }
  endPair();
}
