import type { Kernel } from './kernel.ts';
import {
  CHUNK_ROWS,
  EVENT_BYTES,
  FRAGMENT_BYTES,
  INVALID_REASON_COUNT,
  NAME_BYTES,
  NAME_SLOTS,
  NAME_UNKNOWN,
  NARROW_EVENT_BYTES,
  SCAN_BIN_BITS,
  SCAN_COUNTERS,
  SCAN_EVENT_STRIDE,
  SCAN_EVENTS,
  SCAN_FLAGS,
  SCAN_FROM,
  SCAN_FROM_VALID,
  SCAN_NAME,
  SCAN_NAMES,
  SCAN_NULL_HASH,
  SCAN_OUT_EVENT_OFFSETS,
  SCAN_OUT_EVENTS,
  SCAN_OUT_FRAGMENT_OFFSETS,
  SCAN_OUT_FRAGMENTS,
  SCAN_POSITION,
  SCAN_POSITION_VALID,
  SCAN_SEEN_USERS,
  SCAN_SEEN_VIDEOS,
  SCAN_SESSION,
  SCAN_TIMESTAMP,
  SCAN_TIMESTAMP_VALID,
  SCAN_USER,
  SCAN_USER_CHECK,
  SCAN_VIDEO,
  SEEN_BYTES,
  SEEN_WAYS,
  STATUS_ROUND_FULL,
} from './layout.ts';
import { type MemoryPlan, planScan, type ScanSize } from './memory-plan.ts';
import { type EventScale, narrowEvents } from './narrow-events.ts';

/** The reasons for which a row is invalid, in the order of SPEC.md section 1. */
export const INVALID_REASONS = [
  'missing_timestamp',
  'missing_user',
  'missing_session',
  'missing_video',
  'unknown_event',
  'bad_position',
] as const;
export type InvalidReason = (typeof INVALID_REASONS)[number];

/** What a slice of input came to. */
export interface ScanCounts {
  readonly rowsRead: number;
  /** One count for each of INVALID_REASONS. */
  readonly invalid: readonly number[];
  /** Rows of each unknown event name, by the hash of the name. */
  readonly unknownNames: readonly { readonly hash: bigint; readonly rowCount: number }[];
}

/** Hashes as DuckDB computes them: the kernel knows ids and event names by nothing else. */
export interface NameHashes {
  readonly nullHash: bigint;
  readonly emptyHash: bigint;
  readonly classOfName: readonly { readonly hash: bigint; readonly eventClass: number }[];
}

/** One full round, in the order of bins: views into the kernel's memory, valid until the next push. */
export interface Round {
  readonly fragmentOffsets: Int32Array;
  readonly fragments: Uint8Array;
  readonly eventOffsets: Int32Array;
  readonly events: Uint8Array;
  readonly eventStride: number;
  /** What narrow events count in; null for events of EVENT_BYTES or EVENT_FROM_BYTES. */
  readonly scale: EventScale | null;
}

/** Bytes of the columns of one chunk, in the order in which the hand-over passes them. */
const COLUMN_SLOTS = [
  SCAN_USER,
  SCAN_USER_CHECK,
  SCAN_VIDEO,
  SCAN_SESSION,
  SCAN_NAME,
  SCAN_TIMESTAMP,
  SCAN_POSITION,
  SCAN_FROM,
];
const VALIDITY_SLOTS = new Map([
  [COLUMN_SLOTS.indexOf(SCAN_TIMESTAMP), SCAN_TIMESTAMP_VALID],
  [COLUMN_SLOTS.indexOf(SCAN_POSITION), SCAN_POSITION_VALID],
  [COLUMN_SLOTS.indexOf(SCAN_FROM), SCAN_FROM_VALID],
]);

/** The scan side of the kernel: rows go in chunk by chunk, rounds of partitioned fragments come out. */
export class ScanKernel {
  /** Input, 8 bytes a row each: user, its check, video, session, name, timestamp, position, from. */
  readonly columns: readonly Uint8Array[];
  /** Input: a bit a row for timestamp, position and from; null for the columns that are never null. */
  readonly validity: readonly (Uint8Array | null)[];
  /** Output of `push`: a byte a row, TEXT_OF_ bits. */
  readonly flags: Uint8Array;
  private readonly kernel: Kernel;
  private readonly plan: MemoryPlan;
  private readonly names: NameHashes;

  /** The kernel is this scan's alone: another plan in it would detach the views. */
  constructor(kernel: Kernel, size: ScanSize, names: NameHashes) {
    this.kernel = kernel;
    this.names = names;
    this.plan = planScan(kernel.heapBase, size);
    kernel.place(this.plan);
    this.columns = COLUMN_SLOTS.map((slot) => this.region(slot, CHUNK_ROWS * 8));
    this.validity = COLUMN_SLOTS.map((_, column) => {
      const slot = VALIDITY_SLOTS.get(column);
      return slot === undefined ? null : this.region(slot, CHUNK_ROWS / 8).fill(255);
    });
    this.flags = this.region(SCAN_FLAGS, CHUNK_ROWS);
    new BigUint64Array(kernel.exports.memory.buffer, this.slot(SCAN_NULL_HASH), 2).set([
      names.nullHash,
      names.emptyHash,
    ]);
  }

  get hasFrom(): boolean {
    return this.slot(SCAN_EVENT_STRIDE) !== EVENT_BYTES;
  }

  /** Begins a slice: counts from zero. */
  begin(): void {
    this.region(SCAN_COUNTERS, (1 + INVALID_REASON_COUNT) * 8).fill(0);
    const table = this.region(SCAN_NAMES, NAME_SLOTS * NAME_BYTES + 8).fill(0);
    const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
    for (const { hash, eventClass } of this.names.classOfName) insertName(view, hash, eventClass);
  }

  /** Takes the rows in `columns`. False when the round is full: flush, then push the same rows again. */
  push(rowCount: number): boolean {
    const status = this.kernel.exports.scanPush(this.plan.planPtr, rowCount);
    if (status === STATUS_ROUND_FULL) return false;
    if (status < 0) throw new Error(`scanPush(${rowCount}) answered ${status}`);
    return true;
  }

  /** Ends a round; its views are valid until the next push. */
  flush(): Round {
    const fragmentCount = this.kernel.exports.scanFlush(this.plan.planPtr);
    const offsetCount = 2 ** this.slot(SCAN_BIN_BITS) + 1;
    const eventStride = this.slot(SCAN_EVENT_STRIDE);
    const eventOffsets = this.offsets(SCAN_OUT_EVENT_OFFSETS, offsetCount);
    return {
      fragmentOffsets: this.offsets(SCAN_OUT_FRAGMENT_OFFSETS, offsetCount),
      fragments: this.region(SCAN_OUT_FRAGMENTS, fragmentCount * FRAGMENT_BYTES),
      eventOffsets,
      events: this.region(SCAN_OUT_EVENTS, (eventOffsets[offsetCount - 1] ?? 0) * eventStride),
      eventStride,
      scale: null,
    };
  }

  /** As `flush`, with narrow events where they fit. */
  flushNarrow(): Round {
    const round = this.flush();
    if (this.hasFrom) return round;
    const eventCount = round.events.byteLength / EVENT_BYTES;
    // The events in input order are of no use any more.
    const scale = narrowEvents(this.kernel, this.slot(SCAN_OUT_EVENTS), eventCount, this.slot(SCAN_EVENTS));
    if (scale === null) return round;
    const events = round.events.subarray(0, eventCount * NARROW_EVENT_BYTES);
    return { ...round, events, eventStride: NARROW_EVENT_BYTES, scale };
  }

  counts(): ScanCounts {
    const counters = new BigUint64Array(
      this.kernel.exports.memory.buffer,
      this.slot(SCAN_COUNTERS),
      1 + INVALID_REASON_COUNT,
    );
    const table = this.region(SCAN_NAMES, NAME_SLOTS * NAME_BYTES);
    return {
      rowsRead: Number(counters[0]),
      invalid: Array.from(counters.subarray(1), Number),
      unknownNames: unknownNames(new DataView(table.buffer, table.byteOffset, table.byteLength)),
    };
  }

  /** Forgets which ids were reported, for a slice that failed after it had reported some. */
  forgetSeen(size: ScanSize): void {
    this.region(SCAN_SEEN_USERS, size.seenUserLines * SEEN_WAYS * SEEN_BYTES).fill(0);
    this.region(SCAN_SEEN_VIDEOS, size.seenVideoLines * SEEN_WAYS * SEEN_BYTES).fill(0);
  }

  private slot(slot: number): number {
    return this.plan.slots[slot] ?? 0;
  }

  private region(slot: number, byteLength: number): Uint8Array {
    return this.kernel.bytes(this.slot(slot), byteLength);
  }

  private offsets(slot: number, count: number): Int32Array {
    return new Int32Array(this.kernel.exports.memory.buffer, this.slot(slot), count);
  }
}

function insertName(table: DataView, hash: bigint, eventClass: number): void {
  let slot = Number(hash & BigInt(NAME_SLOTS - 1));
  while (table.getUint32(slot * NAME_BYTES + 12, true) !== 0) {
    if (table.getBigUint64(slot * NAME_BYTES, true) === hash) return;
    slot = (slot + 1) % NAME_SLOTS;
  }
  table.setBigUint64(slot * NAME_BYTES, hash, true);
  table.setUint32(slot * NAME_BYTES + 8, eventClass, true);
  table.setUint32(slot * NAME_BYTES + 12, 1, true);
  const filled = NAME_SLOTS * NAME_BYTES;
  table.setUint32(filled, table.getUint32(filled, true) + 1, true);
}

function unknownNames(table: DataView): { hash: bigint; rowCount: number }[] {
  const names: { hash: bigint; rowCount: number }[] = [];
  for (let at = 0; at < table.byteLength; at += NAME_BYTES) {
    if (table.getUint32(at + 12, true) === 0 || table.getUint32(at + 8, true) !== NAME_UNKNOWN) continue;
    names.push({ hash: table.getBigUint64(at, true), rowCount: Number(table.getBigUint64(at + 16, true)) });
  }
  return names;
}
