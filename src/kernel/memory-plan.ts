import {
  CHUNK_ROWS,
  FOLD_BIN_BITS,
  FOLD_BIN_COUNT,
  FOLD_BUCKET_BITS,
  FOLD_BUCKETS,
  FOLD_CARRIED_EVENTS,
  FOLD_CARRIED_FRAGMENTS,
  FOLD_COLUMNS,
  FOLD_EVENT_STRIDE,
  FOLD_EVENTS,
  FOLD_FRAGMENTS,
  FOLD_RANGE_ENDS,
  FOLD_RANGE_OFFSETS,
  FOLD_RANGE_STARTS,
  FOLD_RECORD_SCRATCH,
  FOLD_RUNS,
  FOLD_SCRATCH,
  FOLD_SEGMENTS,
  FOLD_SLOTS,
  FOLD_SORTED_EVENTS,
  FOLD_SORTED_FRAGMENTS,
  FOLD_THRESHOLDS,
  FOLD_VIDEO_BUCKET_COUNTS,
  FOLD_VIDEO_BUCKET_US,
  FOLD_VIDEO_HASHES,
  FOLD_VIDEO_PLACE_COUNT,
  FOLD_VIDEO_PLACES,
  FOLD_WITH_CARRIED,
  FOLD_WITH_RANGES,
  FRAGMENT_BYTES,
  INVALID_REASON_COUNT,
  NAME_BYTES,
  NAME_SLOTS,
  ROW_COLUMNS,
  ROW_WIDE_COLUMNS,
  SCAN_BIN_BITS,
  SCAN_COUNTERS,
  SCAN_CURSORS,
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
  SCAN_OUT_EVENT_OFFSETS,
  SCAN_OUT_EVENTS,
  SCAN_OUT_FRAGMENT_OFFSETS,
  SCAN_OUT_FRAGMENTS,
  SCAN_POSITION,
  SCAN_POSITION_VALID,
  SCAN_ROUND_ROWS,
  SCAN_SEEN_USER_LINES,
  SCAN_SEEN_USERS,
  SCAN_SEEN_VIDEO_LINES,
  SCAN_SEEN_VIDEOS,
  SCAN_SESSION,
  SCAN_SLOTS,
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
  THRESHOLD_COUNT,
} from './layout.ts';
import { RECORDS, type RecordName, scratchBytesAnEvent } from './records.ts';
import type { VideoArrays } from './video-buckets.ts';

/** Where everything lies: the values of a plan's slots, and how much memory they need. */
export interface MemoryPlan {
  /** Pointers in bytes, and counts, by the slot numbers of layout.ts. */
  readonly slots: Uint32Array;
  /** The plan itself lies here. */
  readonly planPtr: number;
  /** One past the last byte used. */
  readonly byteLength: number;
  /** Where each region begins; the GUARD_BYTES before it belong to no region. */
  readonly regions: readonly number[];
}

export interface ScanSize {
  /** Rows of a round: a multiple of CHUNK_ROWS. */
  readonly roundRows: number;
  /** Leading bits of the user hash that tell bins apart. */
  readonly binBits: number;
  /** EVENT_BYTES, or EVENT_FROM_BYTES where the input has fromTime. */
  readonly eventStride: number;
  /** Lines of SEEN_WAYS entries: powers of two. */
  readonly seenUserLines: number;
  readonly seenVideoLines: number;
  /** Whether the flag of an invalid row holds its reason. */
  readonly markInvalid?: boolean;
}

/** How many fragments and events. */
export interface FragmentCounts {
  readonly fragmentCount: number;
  readonly eventCount: number;
}

/** One partition: `pieceCount` pieces, each with the same `binCount` bins. */
export interface FoldSize extends FragmentCounts {
  readonly pieceCount: number;
  readonly binCount: number;
  /** At most so many fragments, and so many events, are in one bin. */
  readonly largestBin: FragmentCounts;
  /** Leading bits of the user hash that the users of a bin share. */
  readonly binBits: number;
  readonly eventStride: number;
  readonly withRanges: boolean;
  /** What the fold records beside its rows. */
  readonly records?: readonly RecordName[];
  /** Videos whose buckets are known, for the records of bucketViews. */
  readonly videos?: VideoArrays | null;
  /** Whether sessions leave behind what a fold of later events can go on from. */
  readonly withCarried?: boolean | undefined;
}

/** Between two regions lie at least this many bytes that belong to none: tests put guards there. */
export const GUARD_BYTES = 16;

/** Lays out regions one behind the other, each on a cache line of its own. */
class Layout {
  readonly slots: Uint32Array;
  readonly planPtr: number;
  private readonly regions: number[] = [];
  private next: number;

  constructor(base: number, slotCount: number) {
    this.slots = new Uint32Array(slotCount);
    this.planPtr = alignToLine(base);
    this.next = this.planPtr + slotCount * 4;
  }

  region(slot: number, byteLength: number): void {
    const ptr = alignToLine(this.next + GUARD_BYTES);
    this.slots[slot] = ptr;
    this.regions.push(ptr);
    this.next = ptr + byteLength;
  }

  finish(): MemoryPlan {
    const { slots, planPtr, regions } = this;
    return { slots, planPtr, byteLength: this.next + GUARD_BYTES, regions };
  }
}

function alignToLine(ptr: number): number {
  return Math.ceil(ptr / 64) * 64;
}

/** Memory of a scan: input columns of one chunk, one round of rows, and its output. Pure. */
export function planScan(base: number, size: ScanSize): MemoryPlan {
  const layout = new Layout(base, SCAN_SLOTS);
  const { slots } = layout;
  const binCount = 2 ** size.binBits;
  for (const slot of [
    SCAN_USER,
    SCAN_USER_CHECK,
    SCAN_VIDEO,
    SCAN_SESSION,
    SCAN_NAME,
    SCAN_TIMESTAMP,
    SCAN_POSITION,
    SCAN_FROM,
  ])
    layout.region(slot, CHUNK_ROWS * 8);
  for (const slot of [SCAN_TIMESTAMP_VALID, SCAN_POSITION_VALID, SCAN_FROM_VALID])
    layout.region(slot, CHUNK_ROWS / 8);
  layout.region(SCAN_FLAGS, CHUNK_ROWS);
  for (const slot of [SCAN_NEW_ROWS, SCAN_KEPT_ROWS, SCAN_KEPT_SLOTS]) layout.region(slot, CHUNK_ROWS * 4);
  layout.region(SCAN_NAMES, NAME_SLOTS * NAME_BYTES + 8);
  layout.region(SCAN_COUNTERS, (1 + INVALID_REASON_COUNT) * 8);
  layout.region(SCAN_NULL_HASH, 16);
  layout.region(SCAN_STATE, 16);
  layout.region(SCAN_SEEN_USERS, size.seenUserLines * SEEN_WAYS * SEEN_BYTES);
  layout.region(SCAN_SEEN_VIDEOS, size.seenVideoLines * SEEN_WAYS * SEEN_BYTES);
  const tableSlots = 2 ** Math.ceil(Math.log2(size.roundRows * 2));
  layout.region(SCAN_TABLE, tableSlots * 4);
  layout.region(SCAN_FRAGMENTS, size.roundRows * FRAGMENT_BYTES);
  layout.region(SCAN_EVENT_FRAGMENT, size.roundRows * 4);
  layout.region(SCAN_EVENTS, size.roundRows * size.eventStride);
  layout.region(SCAN_CURSORS, size.roundRows * 4);
  layout.region(SCAN_OUT_FRAGMENT_OFFSETS, (binCount + 2) * 4);
  layout.region(SCAN_OUT_EVENT_OFFSETS, (binCount + 2) * 4);
  layout.region(SCAN_OUT_FRAGMENTS, size.roundRows * FRAGMENT_BYTES);
  layout.region(SCAN_OUT_EVENTS, size.roundRows * size.eventStride);
  slots[SCAN_SEEN_USER_LINES] = size.seenUserLines;
  slots[SCAN_SEEN_VIDEO_LINES] = size.seenVideoLines;
  slots[SCAN_TABLE_SLOTS] = tableSlots;
  slots[SCAN_ROUND_ROWS] = size.roundRows;
  slots[SCAN_BIN_BITS] = size.binBits;
  slots[SCAN_EVENT_STRIDE] = size.eventStride;
  slots[SCAN_MARK_INVALID] = size.markInvalid === true ? 1 : 0;
  return layout.finish();
}

/** Memory of a fold: one partition, its largest bin three times, and the output at the most it can be. Pure. */
export function planFold(base: number, size: FoldSize): MemoryPlan {
  const layout = new Layout(base, FOLD_SLOTS);
  const { slots } = layout;
  const { fragmentCount, eventCount, eventStride, largestBin } = size;
  // About two fragments a bucket; at most 64 - binBits bits of the hash are left to tell users apart.
  const bucketBits = Math.max(
    1,
    Math.min(20, Math.ceil(Math.log2(Math.max(2, largestBin.fragmentCount / 2)))),
  );
  layout.region(FOLD_FRAGMENTS, fragmentCount * FRAGMENT_BYTES);
  layout.region(FOLD_EVENTS, eventCount * eventStride);
  layout.region(FOLD_RUNS, (size.binCount + 1) * size.pieceCount * 8);
  layout.region(FOLD_SORTED_FRAGMENTS, largestBin.fragmentCount * FRAGMENT_BYTES);
  layout.region(FOLD_SORTED_EVENTS, largestBin.eventCount * eventStride);
  layout.region(
    FOLD_SCRATCH,
    Math.max(largestBin.fragmentCount * FRAGMENT_BYTES, largestBin.eventCount * eventStride),
  );
  layout.region(FOLD_BUCKETS, (2 ** bucketBits + 1) * 4);
  layout.region(FOLD_SEGMENTS, largestBin.eventCount * 16);
  layout.region(FOLD_THRESHOLDS, THRESHOLD_COUNT * 8);
  layout.region(FOLD_RANGE_STARTS, size.withRanges ? eventCount * 8 : 0);
  layout.region(FOLD_RANGE_ENDS, size.withRanges ? eventCount * 8 : 0);
  layout.region(FOLD_RANGE_OFFSETS, (fragmentCount + 1) * 4);
  for (let column = 0; column < ROW_COLUMNS; column++)
    layout.region(FOLD_COLUMNS + column, fragmentCount * (column < ROW_WIDE_COLUMNS ? 8 : 4));
  placeRecords(layout, size);
  if (size.videos) placeVideos(layout, size.videos);
  if (size.withCarried) {
    layout.region(FOLD_CARRIED_FRAGMENTS, fragmentCount * FRAGMENT_BYTES);
    layout.region(FOLD_CARRIED_EVENTS, 2 * fragmentCount * eventStride);
  }
  slots[FOLD_WITH_CARRIED] = size.withCarried ? 1 : 0;
  slots[FOLD_BUCKET_BITS] = bucketBits;
  slots[FOLD_BIN_BITS] = size.binBits;
  slots[FOLD_BIN_COUNT] = size.binCount;
  slots[FOLD_EVENT_STRIDE] = eventStride;
  slots[FOLD_WITH_RANGES] = size.withRanges ? 1 : 0;
  return layout.finish();
}

/** Regions only for what is wanted: a slot that stays 0 means that nothing of it is recorded. */
function placeRecords(layout: Layout, { records = [], eventCount, largestBin }: FoldSize): void {
  const scratchBytes = scratchBytesAnEvent(records);
  if (scratchBytes > 0) layout.region(FOLD_RECORD_SCRATCH, largestBin.eventCount * scratchBytes);
  for (const name of records) {
    const { columns, columnsSlot, wideColumns, recordsAnEvent } = RECORDS[name];
    for (const [column] of columns.entries())
      layout.region(columnsSlot + column, eventCount * recordsAnEvent * (column < wideColumns ? 8 : 4));
  }
}

function placeVideos(layout: Layout, { hashes, bucketCounts, bucketUs, places }: VideoArrays): void {
  layout.region(FOLD_VIDEO_HASHES, hashes.byteLength);
  layout.region(FOLD_VIDEO_BUCKET_COUNTS, bucketCounts.byteLength);
  layout.region(FOLD_VIDEO_BUCKET_US, bucketUs.byteLength);
  layout.region(FOLD_VIDEO_PLACES, places.byteLength);
  layout.slots[FOLD_VIDEO_PLACE_COUNT] = places.length;
}
