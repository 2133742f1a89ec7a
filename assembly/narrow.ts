/**
 * Narrow events: 8 bytes instead of 16, where the events of a round lie close enough together. They are what a run
 * writes and reads most, and memory that was never used before may cost a second a GB.
 *
 *   time since the earliest, in units | position, in units | class: 3 bits
 *
 * A unit is a millisecond where all values are whole ones, else a microsecond.
 */
import { CLASS_BITS, EVENT_BYTES, NARROW_EVENT_BYTES } from '../src/kernel/layout';

const UNIT_US: u64 = 1000;
const UNIT_SHIFT: u64 = 3; // 1000 = 8 * 125
const INVERSE_OF_125: u64 = 0x1cac083126e978d5; // modulo 2^64: multiplying divides multiples of 125 exactly
const MOST_QUOTIENT: u64 = u64.MAX_VALUE / UNIT_US;

/** n / 1000 for its multiples, and more than MOST_QUOTIENT for all others (Hacker's Delight, 10-17). */
// @ts-expect-error: decorator
function quotientOf(n: u64): u64 {
  return rotr<u64>(n * INVERSE_OF_125, UNIT_SHIFT);
}

function bitsOf(n: u64): u64 {
  return 64 - clz<u64>(n);
}

/**
 * Makes events narrow in place. Answers 1, and writes to `scale` (u64[4]) the earliest timestamp, the units of time
 * and position in microseconds and the bits of a position; or 0 where they do not fit, and leaves all as it is.
 */
export function narrowEvents(events: usize, eventCount: u32, scale: usize): i32 {
  const end = events + <usize>eventCount * EVENT_BYTES;
  let earliest = i64.MAX_VALUE;
  let latest = i64.MIN_VALUE;
  let furthest: u64 = 0;
  let mostTime: u64 = 0;
  let mostPosition: u64 = 0;
  for (let event = events; event < end; event += EVENT_BYTES) {
    const timestampUs = load<i64>(event) >> CLASS_BITS;
    const positionUs = load<u64>(event, 8);
    earliest = min(earliest, timestampUs);
    latest = max(latest, timestampUs);
    furthest = max(furthest, positionUs);
    mostTime = max(mostTime, quotientOf(<u64>timestampUs));
    mostPosition = max(mostPosition, quotientOf(positionUs));
  }
  // Read as unsigned, times before 1970 may be multiples of 1000 although their differences are none.
  const isWholeTime = earliest >= 0 && mostTime <= MOST_QUOTIENT;
  const isWholePosition = mostPosition <= MOST_QUOTIENT;
  const timeBits = bitsOf(<u64>(latest - earliest) / (isWholeTime ? UNIT_US : 1));
  const positionBits = bitsOf(furthest / (isWholePosition ? UNIT_US : 1));
  if (eventCount == 0 || timeBits + positionBits + CLASS_BITS > 64) return 0;
  store<i64>(scale, earliest);
  store<u64>(scale, isWholeTime ? UNIT_US : 1, 8);
  store<u64>(scale, isWholePosition ? UNIT_US : 1, 16);
  store<u64>(scale, positionBits, 24);

  const timeShift = isWholeTime ? UNIT_SHIFT : 0;
  const timeInverse = isWholeTime ? INVERSE_OF_125 : 1;
  const positionShift = isWholePosition ? UNIT_SHIFT : 0;
  const positionInverse = isWholePosition ? INVERSE_OF_125 : 1;
  let target = events;
  for (let event = events; event < end; event += EVENT_BYTES) {
    const word = load<i64>(event);
    const time = (<u64>((word >> CLASS_BITS) - earliest) >> timeShift) * timeInverse;
    const position = (load<u64>(event, 8) >> positionShift) * positionInverse;
    const eventClass = <u64>word & ((1 << CLASS_BITS) - 1);
    store<u64>(target, (((time << positionBits) | position) << CLASS_BITS) | eventClass);
    target += NARROW_EVENT_BYTES;
  }
  return 1;
}

/**
 * Makes narrow events wide again, in place: they fill the second half of the memory at `events`. The other arguments
 * are what narrowEvents wrote.
 */
export function widenEvents(
  events: usize,
  eventCount: u32,
  earliestUs: i64,
  timeUnitUs: u32,
  positionUnitUs: u32,
  positionBits: u32,
): i32 {
  const positionMask = ((<u64>1) << positionBits) - 1;
  let source = events + <usize>eventCount * (EVENT_BYTES - NARROW_EVENT_BYTES);
  let target = events;
  for (let i: u32 = 0; i < eventCount; i++) {
    const word = load<u64>(source);
    const packed = word >> CLASS_BITS;
    const timestampUs = earliestUs + <i64>((packed >> positionBits) * timeUnitUs);
    store<i64>(target, (timestampUs << CLASS_BITS) | <i64>(word & ((1 << CLASS_BITS) - 1)));
    store<u64>(target, (packed & positionMask) * positionUnitUs, 8);
    source += NARROW_EVENT_BYTES;
    target += EVENT_BYTES;
  }
  return eventCount;
}
