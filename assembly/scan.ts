/**
 * Scan: turns a chunk of decoded rows into packed events and groups them, within a round, into fragments:
 * the events of one (user, video, session) that stood close together in the input.
 */
import {
  CHUNK_ROWS,
  EVENT_FROM_BYTES,
  FLAG_REASON_SHIFT,
  FRAGMENT_BYTES,
  INVALID_EVENT,
  INVALID_POSITION,
  INVALID_SESSION,
  INVALID_TIMESTAMP,
  INVALID_USER,
  INVALID_VIDEO,
  NAME_BYTES,
  NAME_SLOTS,
  NAME_UNKNOWN,
  POSITION_LIMIT_SECONDS,
  SCAN_COUNTERS,
  SCAN_EVENT_FRAGMENT,
  SCAN_EVENT_STRIDE,
  SCAN_EVENTS,
  SCAN_FLAGS,
  SCAN_FRAGMENTS,
  SCAN_FROM,
  SCAN_FROM_VALID,
  SCAN_KEPT_ROWS,
  SCAN_KEPT_SLOTS,
  SCAN_MARK_INVALID,
  SCAN_NAME,
  SCAN_NAMES,
  SCAN_NEW_ROWS,
  SCAN_NULL_HASH,
  SCAN_POSITION,
  SCAN_POSITION_VALID,
  SCAN_ROUND_ROWS,
  SCAN_SEEN_USER_LINES,
  SCAN_SEEN_USERS,
  SCAN_SEEN_VIDEO_LINES,
  SCAN_SEEN_VIDEOS,
  SCAN_SESSION,
  SCAN_STATE,
  SCAN_TABLE,
  SCAN_TABLE_SLOTS,
  SCAN_TIMESTAMP,
  SCAN_TIMESTAMP_VALID,
  SCAN_USER,
  SCAN_USER_CHECK,
  SCAN_VIDEO,
  SEEN_BYTES,
  SEEN_WAYS,
  STATUS_BAD_ARGUMENT,
  STATUS_ROUND_FULL,
  TEXT_OF_EVENT_NAME,
  TEXT_OF_USER,
  TEXT_OF_VIDEO,
  TIMESTAMP_BITS,
} from '../src/kernel/layout';
import { slotOf } from './memory';

const NO_POSITION: i64 = -1;
const TIMESTAMP_LIMIT_US: i64 = (<i64>1) << TIMESTAMP_BITS;

// @ts-expect-error: decorator
function isValid(bitmap: usize, row: u32): bool {
  return ((load<u8>(bitmap + (row >> 3)) >> (row & 7)) & 1) != 0;
}

/** Seconds to microseconds, rounded half away from zero; NO_POSITION for what SPEC.md section 1 refuses. */
function toPositionUs(seconds: f64): i64 {
  if (!(seconds >= 0 && seconds <= <f64>POSITION_LIMIT_SECONDS)) return NO_POSITION;
  const scaled = seconds * 1e6;
  const whole = floor(scaled);
  return <i64>whole + (scaled - whole >= 0.5 ? 1 : 0);
}

/** The entry of an event name: a known class, or an unknown name whose rows are counted. 0: no room left. */
function findName(names: usize, hash: u64): usize {
  let slot = <usize>hash & (NAME_SLOTS - 1);
  for (let probes = 0; probes < NAME_SLOTS; probes++) {
    const entry = names + slot * NAME_BYTES;
    if (load<u32>(entry, 12) == 0 || load<u64>(entry) == hash) return entry;
    slot = (slot + 1) & (NAME_SLOTS - 1);
  }
  return 0;
}

/** The line of a seen-set that a hash belongs to. */
function lineOf(lines: usize, lineCount: u32, hash: u64): usize {
  return lines + ((<usize>hash & (lineCount - 1)) << 6);
}

/**
 * Adds a hash to a seen-set and says whether its text is wanted: the hash is new, or it was seen with another
 * check value, which means that two texts have one hash. A line holds SEEN_WAYS entries; a full line forgets
 * one, so memory is fixed and a forgotten hash is merely reported once more.
 */
function remember(lines: usize, lineCount: u32, hash: u64, check: u64): bool {
  if (hash == 0) return true; // 0 marks a free place, so this one hash is reported every time
  const line = lineOf(lines, lineCount, hash);
  let entry = line;
  for (let way: usize = 0; way < <usize>SEEN_WAYS; way++) {
    const known = load<u64>(entry);
    if (known == hash) return load<u64>(entry, 8) != check;
    if (known == 0) break;
    entry += SEEN_BYTES;
  }
  if (entry == line + SEEN_WAYS * SEEN_BYTES)
    entry = line + (<usize>(hash >> 59) & (SEEN_WAYS - 1)) * SEEN_BYTES;
  store<u64>(entry, hash);
  store<u64>(entry, check, 8);
  return true;
}

/**
 * Takes the `rowCount` rows in the input columns. Returns how many were kept, STATUS_ROUND_FULL when the round
 * has no room for them (flush, then call again), or STATUS_BAD_ARGUMENT. Leaves a byte a row in SCAN_FLAGS.
 */
export function scanPush(plan: usize, rowCount: i32): i32 {
  if (rowCount < 0 || rowCount > CHUNK_ROWS) return STATUS_BAD_ARGUMENT;
  const eventCount = load<u32>(slotOf(plan, SCAN_STATE), 4);
  if (eventCount + <u32>rowCount > <u32>slotOf(plan, SCAN_ROUND_ROWS)) return STATUS_ROUND_FULL;
  memory.fill(slotOf(plan, SCAN_FLAGS), 0, rowCount);
  const kept = packEvents(plan, rowCount, eventCount);
  flagNewIds(plan, joinFragments(plan, kept, eventCount));
  store<u32>(slotOf(plan, SCAN_STATE), eventCount + kept, 4);
  return kept;
}

/**
 * Judges the rows of a chunk and packs the valid ones into events. Leaves, for each, its row in SCAN_KEPT_ROWS and
 * its place in the table of fragments in SCAN_KEPT_SLOTS. Returns how many there are.
 */
function packEvents(plan: usize, rowCount: u32, eventCount: u32): u32 {
  const users = slotOf(plan, SCAN_USER);
  const videos = slotOf(plan, SCAN_VIDEO);
  const sessions = slotOf(plan, SCAN_SESSION);
  const names = slotOf(plan, SCAN_NAME);
  const timestamps = slotOf(plan, SCAN_TIMESTAMP);
  const positions = slotOf(plan, SCAN_POSITION);
  const froms = slotOf(plan, SCAN_FROM);
  const timestampValid = slotOf(plan, SCAN_TIMESTAMP_VALID);
  const positionValid = slotOf(plan, SCAN_POSITION_VALID);
  const fromValid = slotOf(plan, SCAN_FROM_VALID);
  const flags = slotOf(plan, SCAN_FLAGS);
  const nameTable = slotOf(plan, SCAN_NAMES);
  const counters = slotOf(plan, SCAN_COUNTERS);
  const keptRows = slotOf(plan, SCAN_KEPT_ROWS);
  const keptSlots = slotOf(plan, SCAN_KEPT_SLOTS);
  const slotMask = slotOf(plan, SCAN_TABLE_SLOTS) - 1;
  const stride = slotOf(plan, SCAN_EVENT_STRIDE);
  const marksInvalid = slotOf(plan, SCAN_MARK_INVALID) != 0;
  const nullHash = load<u64>(slotOf(plan, SCAN_NULL_HASH));
  const emptyHash = load<u64>(slotOf(plan, SCAN_NULL_HASH), 8);
  let eventPtr = slotOf(plan, SCAN_EVENTS) + <usize>eventCount * stride;
  let kept: usize = 0;

  store<u64>(counters, load<u64>(counters) + <u64>rowCount);
  for (let row: u32 = 0; row < rowCount; row++) {
    const wide = (<usize>row) << 3;
    const timestampUs = load<i64>(timestamps + wide);
    const user = load<u64>(users + wide);
    const session = load<u64>(sessions + wide);
    const video = load<u64>(videos + wide);
    let invalid: i32 = -1;
    if (
      !isValid(timestampValid, row) ||
      timestampUs >= TIMESTAMP_LIMIT_US ||
      timestampUs <= -TIMESTAMP_LIMIT_US
    )
      invalid = INVALID_TIMESTAMP;
    else if (user == nullHash || user == emptyHash) invalid = INVALID_USER;
    else if (session == nullHash || session == emptyHash) invalid = INVALID_SESSION;
    else if (video == nullHash || video == emptyHash) invalid = INVALID_VIDEO;
    if (invalid >= 0) {
      countInvalid(counters, invalid);
      if (marksInvalid) markInvalid(flags + row, invalid);
      continue;
    }

    const name = load<u64>(names + wide);
    const entry = findName(nameTable, name);
    const eventClass = entry == 0 || load<u32>(entry, 12) == 0 ? <u32>NAME_UNKNOWN : load<u32>(entry, 8);
    if (eventClass == NAME_UNKNOWN) {
      countInvalid(counters, INVALID_EVENT);
      if (countUnknown(nameTable, entry, name)) store<u8>(flags + row, TEXT_OF_EVENT_NAME);
      if (marksInvalid) markInvalid(flags + row, INVALID_EVENT);
      continue;
    }

    const positionUs = isValid(positionValid, row) ? toPositionUs(load<f64>(positions + wide)) : NO_POSITION;
    if (positionUs == NO_POSITION) {
      countInvalid(counters, INVALID_POSITION);
      if (marksInvalid) markInvalid(flags + row, INVALID_POSITION);
      continue;
    }

    store<i64>(eventPtr, (timestampUs << 3) | <i64>eventClass);
    store<i64>(eventPtr, positionUs, 8);
    if (stride == EVENT_FROM_BYTES) {
      const fromUs = isValid(fromValid, row) ? toPositionUs(load<f64>(froms + wide)) : NO_POSITION;
      store<i64>(eventPtr, fromUs + 1, 16);
    }
    eventPtr += stride;
    // The hashes are DuckDB's and need no more mixing.
    const slot = <u32>(user ^ rotl<u64>(video, 21) ^ rotl<u64>(session, 42)) & <u32>slotMask;
    store<u32>(keptRows + (kept << 2), row);
    store<u32>(keptSlots + (kept << 2), slot);
    kept++;
  }
  return <u32>kept;
}

/**
 * Reads, without a branch, what joinFragments is about to need, so that its cache misses overlap: decoding evicts
 * the table and the fragments between chunks, and a mispredicted branch waits for each miss alone.
 */
function touchFragments(keptSlots: usize, kept: u32, table: usize, fragments: usize): u32 {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < kept; i++) {
    const taken = load<u32>(table + ((<usize>load<u32>(keptSlots + ((<usize>i) << 2))) << 2));
    // An empty slot reads the bytes in front of the fragments, which are in this memory too.
    sum += load<u32>(fragments + <usize>taken * FRAGMENT_BYTES - FRAGMENT_BYTES);
  }
  return sum;
}

/**
 * Puts each kept event into the fragment of its (user, video, session), a new one where there is none yet. Leaves
 * the rows that began one in SCAN_NEW_ROWS and returns how many there are.
 */
function joinFragments(plan: usize, kept: u32, eventCount: u32): u32 {
  const users = slotOf(plan, SCAN_USER);
  const videos = slotOf(plan, SCAN_VIDEO);
  const sessions = slotOf(plan, SCAN_SESSION);
  const state = slotOf(plan, SCAN_STATE);
  const table = slotOf(plan, SCAN_TABLE);
  const slotMask = slotOf(plan, SCAN_TABLE_SLOTS) - 1;
  const fragments = slotOf(plan, SCAN_FRAGMENTS);
  const newRows = slotOf(plan, SCAN_NEW_ROWS);
  const keptRows = slotOf(plan, SCAN_KEPT_ROWS);
  const keptSlots = slotOf(plan, SCAN_KEPT_SLOTS);
  const eventFragment = slotOf(plan, SCAN_EVENT_FRAGMENT) + ((<usize>eventCount) << 2);
  let fragmentCount = load<u32>(state);
  let newCount: usize = 0;
  store<u32>(state, touchFragments(keptSlots, kept, table, fragments), 8);
  for (let i: usize = 0; i < <usize>kept; i++) {
    const row = <usize>load<u32>(keptRows + (i << 2));
    const wide = row << 3;
    const user = load<u64>(users + wide);
    const session = load<u64>(sessions + wide);
    const video = load<u64>(videos + wide);
    let slot = <usize>load<u32>(keptSlots + (i << 2));
    let fragment: usize = 0;
    let taken: u32 = 0;
    while (true) {
      taken = load<u32>(table + (slot << 2));
      if (taken == 0) {
        fragment = fragments + <usize>fragmentCount * FRAGMENT_BYTES;
        taken = ++fragmentCount;
        store<u32>(table + (slot << 2), taken);
        store<u64>(fragment, user);
        store<u64>(fragment, video, 8);
        store<u64>(fragment, session, 16);
        store<u64>(fragment, 0, 24);
        store<u32>(newRows + (newCount << 2), <u32>row);
        newCount++;
        break;
      }
      fragment = fragments + <usize>(taken - 1) * FRAGMENT_BYTES;
      if (
        load<u64>(fragment, 16) == session &&
        load<u64>(fragment) == user &&
        load<u64>(fragment, 8) == video
      )
        break;
      slot = (slot + 1) & slotMask;
    }
    store<u32>(fragment, load<u32>(fragment, 24) + 1, 24);
    store<u32>(eventFragment + (i << 2), taken - 1);
  }
  store<u32>(state, fragmentCount);
  return <u32>newCount;
}

/** Flags the rows that began a fragment and whose user or video was not seen before: their text is wanted. */
function flagNewIds(plan: usize, newCount: u32): void {
  const users = slotOf(plan, SCAN_USER);
  const videos = slotOf(plan, SCAN_VIDEO);
  const userChecks = slotOf(plan, SCAN_USER_CHECK);
  const newRows = slotOf(plan, SCAN_NEW_ROWS);
  const flags = slotOf(plan, SCAN_FLAGS);
  const seenUsers = slotOf(plan, SCAN_SEEN_USERS);
  const seenUserLines = <u32>slotOf(plan, SCAN_SEEN_USER_LINES);
  const seenVideos = slotOf(plan, SCAN_SEEN_VIDEOS);
  const seenVideoLines = <u32>slotOf(plan, SCAN_SEEN_VIDEO_LINES);
  let sum: u64 = 0;
  for (let i: u32 = 0; i < newCount; i++) {
    const place = (<usize>load<u32>(newRows + ((<usize>i) << 2))) << 3;
    sum += load<u64>(lineOf(seenUsers, seenUserLines, load<u64>(users + place)));
  }
  store<u64>(slotOf(plan, SCAN_STATE), sum, 8);
  for (let i: u32 = 0; i < newCount; i++) {
    const row = <usize>load<u32>(newRows + ((<usize>i) << 2));
    const place = row << 3;
    let wanted: u32 = 0;
    if (remember(seenUsers, seenUserLines, load<u64>(users + place), load<u64>(userChecks + place)))
      wanted |= TEXT_OF_USER;
    if (remember(seenVideos, seenVideoLines, load<u64>(videos + place), 0)) wanted |= TEXT_OF_VIDEO;
    store<u8>(flags + row, wanted);
  }
}

function countInvalid(counters: usize, reason: i32): void {
  const counter = counters + ((<usize>reason + 1) << 3);
  store<u64>(counter, load<u64>(counter) + 1);
}

function markInvalid(flag: usize, reason: i32): void {
  store<u8>(flag, load<u8>(flag) | <u8>((reason + 1) << FLAG_REASON_SHIFT));
}

/** Counts a row of an unknown name; true when its text is wanted: the name is new, and there is room for it. */
function countUnknown(names: usize, entry: usize, hash: u64): bool {
  if (entry == 0) return false;
  let isNew = false;
  if (load<u32>(entry, 12) == 0) {
    // The word behind the table counts the filled entries: half is the most that keeps probes short.
    const filledPtr = names + NAME_SLOTS * NAME_BYTES;
    const filled = load<u32>(filledPtr);
    if (filled >= <u32>(NAME_SLOTS / 2)) return false;
    store<u32>(filledPtr, filled + 1);
    store<u64>(entry, hash);
    store<u32>(entry, NAME_UNKNOWN, 8);
    store<u32>(entry, 1, 12);
    isNew = true;
  }
  store<u64>(entry, load<u64>(entry, 16) + 1, 16);
  return isNew;
}
