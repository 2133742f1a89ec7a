/**
 * Scan: turns a chunk of decoded rows into packed events and groups them, within a round, into fragments:
 * the events of one (user, video, session) that stood close together in the input.
 */
import {
  CHUNK_ROWS,
  EVENT_FROM_BYTES,
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

/**
 * Adds a hash to a seen-set and says whether its text is wanted: the hash is new, or it was seen with another
 * check value, which means that two texts have one hash. A line holds SEEN_WAYS entries; a full line forgets
 * one, so memory is fixed and a forgotten hash is merely reported once more.
 */
function remember(lines: usize, lineCount: u32, hash: u64, check: u64): bool {
  if (hash == 0) return true; // 0 marks a free place, so this one hash is reported every time
  const line = lines + ((<usize>hash & (lineCount - 1)) << 6);
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
  const state = slotOf(plan, SCAN_STATE);
  let fragmentCount = load<u32>(state);
  let eventCount = load<u32>(state, 4);
  const before = eventCount;
  if (eventCount + <u32>rowCount > <u32>slotOf(plan, SCAN_ROUND_ROWS)) return STATUS_ROUND_FULL;

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
  const table = slotOf(plan, SCAN_TABLE);
  const slotMask = slotOf(plan, SCAN_TABLE_SLOTS) - 1;
  const fragments = slotOf(plan, SCAN_FRAGMENTS);
  const eventFragment = slotOf(plan, SCAN_EVENT_FRAGMENT);
  const stride = slotOf(plan, SCAN_EVENT_STRIDE);
  const newRows = slotOf(plan, SCAN_NEW_ROWS);
  const nullHash = load<u64>(slotOf(plan, SCAN_NULL_HASH));
  const emptyHash = load<u64>(slotOf(plan, SCAN_NULL_HASH), 8);
  let eventPtr = slotOf(plan, SCAN_EVENTS) + <usize>eventCount * stride;
  let newCount: u32 = 0;
  let lastName: u64 = nullHash;
  let lastEntry: usize = 0;

  store<u64>(counters, load<u64>(counters) + <u64>rowCount);
  memory.fill(flags, 0, rowCount);

  for (let row: u32 = 0; row < <u32>rowCount; row++) {
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
      continue;
    }

    const name = load<u64>(names + wide);
    if (lastEntry == 0 || name != lastName) {
      lastEntry = findName(nameTable, name);
      lastName = name;
    }
    const eventClass =
      lastEntry == 0 || load<u32>(lastEntry, 12) == 0 ? <u32>NAME_UNKNOWN : load<u32>(lastEntry, 8);
    if (eventClass == NAME_UNKNOWN) {
      countInvalid(counters, INVALID_EVENT);
      if (countUnknown(nameTable, lastEntry, name)) store<u8>(flags + row, TEXT_OF_EVENT_NAME);
      continue;
    }

    const positionUs = isValid(positionValid, row) ? toPositionUs(load<f64>(positions + wide)) : NO_POSITION;
    if (positionUs == NO_POSITION) {
      countInvalid(counters, INVALID_POSITION);
      continue;
    }

    // The hashes are DuckDB's and need no more mixing.
    let slot = <usize>(user ^ rotl<u64>(video, 21) ^ rotl<u64>(session, 42)) & slotMask;
    let fragment: usize = 0;
    while (true) {
      const taken = load<u32>(table + (slot << 2));
      if (taken == 0) {
        fragment = fragments + <usize>fragmentCount * FRAGMENT_BYTES;
        fragmentCount++;
        store<u32>(table + (slot << 2), fragmentCount);
        store<u64>(fragment, user);
        store<u64>(fragment, video, 8);
        store<u64>(fragment, session, 16);
        store<u64>(fragment, 0, 24);
        store<u32>(newRows + ((<usize>newCount) << 2), row);
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
    store<u32>(eventFragment + ((<usize>eventCount) << 2), <u32>((fragment - fragments) / FRAGMENT_BYTES));
    store<i64>(eventPtr, (timestampUs << 3) | <i64>eventClass);
    store<i64>(eventPtr, positionUs, 8);
    if (stride == EVENT_FROM_BYTES) {
      const fromUs = isValid(fromValid, row) ? toPositionUs(load<f64>(froms + wide)) : NO_POSITION;
      store<i64>(eventPtr, fromUs + 1, 16);
    }
    eventPtr += stride;
    eventCount++;
  }

  // Apart from the loop above, so that the cache misses of many probes overlap.
  const userChecks = slotOf(plan, SCAN_USER_CHECK);
  const seenUsers = slotOf(plan, SCAN_SEEN_USERS);
  const seenUserLines = <u32>slotOf(plan, SCAN_SEEN_USER_LINES);
  const seenVideos = slotOf(plan, SCAN_SEEN_VIDEOS);
  const seenVideoLines = <u32>slotOf(plan, SCAN_SEEN_VIDEO_LINES);
  for (let i: u32 = 0; i < newCount; i++) {
    const row = <usize>load<u32>(newRows + ((<usize>i) << 2));
    let wanted: u32 = 0;
    const place = row << 3;
    if (remember(seenUsers, seenUserLines, load<u64>(users + place), load<u64>(userChecks + place)))
      wanted |= TEXT_OF_USER;
    if (remember(seenVideos, seenVideoLines, load<u64>(videos + place), 0)) wanted |= TEXT_OF_VIDEO;
    store<u8>(flags + row, wanted);
  }

  store<u32>(state, fragmentCount);
  store<u32>(state, eventCount, 4);
  return <i32>(eventCount - before);
}

function countInvalid(counters: usize, reason: i32): void {
  const counter = counters + ((<usize>reason + 1) << 3);
  store<u64>(counter, load<u64>(counter) + 1);
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
