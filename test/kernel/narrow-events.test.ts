import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Kernel } from '../../src/kernel/kernel.ts';
import { EVENT_BYTES, NARROW_EVENT_BYTES, TIMESTAMP_BITS } from '../../src/kernel/layout.ts';
import { type EventScale, narrowEvents, widenEvents } from '../../src/kernel/narrow-events.ts';
import { kernels } from './kernel-fold.ts';

interface Event {
  readonly timestampUs: bigint;
  readonly positionUs: bigint;
  readonly eventClass: bigint;
}

/** Narrows events in a kernel's memory, and widens them again. Null where they stay as they are. */
function narrowAndWiden(module: WebAssembly.Module, events: readonly Event[]): EventScale | null {
  const kernel = new Kernel(module);
  const scratchPtr = kernel.heapBase;
  const eventsPtr = scratchPtr + 32;
  const byteLength = events.length * EVENT_BYTES;
  kernel.place({ slots: new Uint32Array(0), planPtr: 0, byteLength: eventsPtr + byteLength, regions: [] });
  const words = new BigInt64Array(kernel.exports.memory.buffer, eventsPtr, events.length * 2);
  words.set(
    events.flatMap(({ timestampUs, positionUs, eventClass }) => [
      (timestampUs << 3n) | eventClass,
      positionUs,
    ]),
  );
  const before = words.slice();
  const scale = narrowEvents(kernel, eventsPtr, events.length, scratchPtr);
  if (scale !== null) {
    const bytes = kernel.bytes(eventsPtr, byteLength);
    bytes.copyWithin(byteLength / 2, 0, events.length * NARROW_EVENT_BYTES);
    bytes.fill(0, 0, byteLength / 2);
    widenEvents(kernel, eventsPtr, events.length, scale);
  }
  expect(words).toEqual(before);
  return scale;
}

const at = (timestampUs: bigint, positionUs: bigint): Event => ({ timestampUs, positionUs, eventClass: 5n });
const HOUR = 3_600_000_000n;
const START = 1_767_225_600_000_000n;
const LIMIT = 2n ** BigInt(TIMESTAMP_BITS) - 1n;

describe.each(Object.entries(kernels))('narrow events, %s kernel', (_, module) => {
  it.each([
    ['whole milliseconds', [at(START, 0n), at(START + 24n * HOUR, HOUR)], 1000, 1000],
    ['positions in microseconds', [at(START, 1n), at(START + 24n * HOUR, HOUR)], 1000, 1],
    ['times in microseconds', [at(START + 1n, 0n), at(START + HOUR, HOUR)], 1, 1000],
    ['one event at 0', [at(0n, 0n)], 1000, 1000],
    ['one event at the first moment', [at(-LIMIT, 0n)], 1, 1000],
    [
      'times before 1970 that are multiples of 1000 as unsigned numbers',
      [at(-616n, 0n), at(-1616n, 0n)],
      1,
      1000,
    ],
  ])('hold %s', (_name, events, timeUnitUs, positionUnitUs) => {
    expect(narrowAndWiden(module, events)).toMatchObject({ timeUnitUs, positionUnitUs });
  });

  it.each([
    ['times far apart', [at(START, 0n), at(START + 24n * 365n * 20n * HOUR, HOUR), at(START + 1n, 7n)]],
    ['the first and the last moment', [at(-LIMIT, 0n), at(LIMIT, 10_000_000_000_000n)]],
    ['no events', []],
  ])('do not hold %s', (_name, events) => {
    expect(narrowAndWiden(module, events)).toBeNull();
  });

  it('are the same again, whatever fits', () => {
    const unit = fc.constantFrom(1n, 10n, 1000n, 125n, 8n);
    const number = (least: bigint, most: bigint) =>
      fc.tuple(fc.bigInt({ min: least, max: most }), unit).map(([n, scale]) => (n / scale) * scale);
    const event = (reachUs: bigint) =>
      fc.record({
        timestampUs: number(-reachUs, reachUs),
        positionUs: number(0n, 10_000_000_000_000n),
        eventClass: fc.bigInt({ min: 0n, max: 7n }),
      });
    const events = fc
      .constantFrom(1000n, HOUR, HOUR * 10_000n, LIMIT)
      .chain((reachUs) => fc.array(event(reachUs), { maxLength: 9 }));
    fc.assert(
      fc.property(events, (list) => void narrowAndWiden(module, list)),
      { numRuns: 500 },
    );
  });
});
