import type { Kernel } from './kernel.ts';

/** What narrow events count from, and in: see assembly/narrow.ts. Microseconds, and bits. */
export interface EventScale {
  readonly earliestUs: bigint;
  readonly timeUnitUs: number;
  readonly positionUnitUs: number;
  readonly positionBits: number;
}

/**
 * Makes events of EVENT_BYTES narrow in place: the first half of their memory then holds them. Null, and nothing done,
 * where they do not fit. `scratchPtr` has room for 32 bytes.
 */
export function narrowEvents(
  kernel: Kernel,
  eventsPtr: number,
  eventCount: number,
  scratchPtr: number,
): EventScale | null {
  if (kernel.exports.narrowEvents(eventsPtr, eventCount, scratchPtr) === 0) return null;
  const { buffer } = kernel.exports.memory;
  const [timeUnitUs, positionUnitUs, positionBits] = Array.from(
    new BigUint64Array(buffer, scratchPtr + 8, 3),
    Number,
  ) as [number, number, number];
  return {
    earliestUs: new BigInt64Array(buffer, scratchPtr, 1)[0]!,
    timeUnitUs,
    positionUnitUs,
    positionBits,
  };
}

/** Makes the narrow events in the second half of some memory fill all of it, as they were before. */
export function widenEvents(kernel: Kernel, eventsPtr: number, eventCount: number, scale: EventScale): void {
  const { earliestUs, timeUnitUs, positionUnitUs, positionBits } = scale;
  kernel.exports.widenEvents(eventsPtr, eventCount, earliestUs, timeUnitUs, positionUnitUs, positionBits);
}
