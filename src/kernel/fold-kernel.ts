import type { Kernel } from './kernel.ts';
import {
  FOLD_CARRIED_EVENT_COUNT,
  FOLD_CARRIED_EVENTS,
  FOLD_CARRIED_FRAGMENT_COUNT,
  FOLD_CARRIED_FRAGMENTS,
  FOLD_COLUMNS,
  FOLD_EVENTS,
  FOLD_FRAGMENTS,
  FOLD_RANGE_COUNT,
  FOLD_RANGE_ENDS,
  FOLD_RANGE_OFFSETS,
  FOLD_RANGE_STARTS,
  FOLD_RUNS,
  FOLD_THRESHOLDS,
  FOLD_VIDEO_BUCKET_COUNTS,
  FOLD_VIDEO_BUCKET_US,
  FOLD_VIDEO_HASHES,
  FOLD_VIDEO_PLACES,
  FRAGMENT_BYTES,
  NARROW_EVENT_BYTES,
  ROW_COLUMNS,
  ROW_WIDE_COLUMNS,
} from './layout.ts';
import { type FoldSize, type FragmentCounts, type MemoryPlan, planFold } from './memory-plan.ts';
import { type EventScale, widenEvents } from './narrow-events.ts';
import { isHash, RECORDS, type RecordName, type RecordRows } from './records.ts';
import type { VideoArrays } from './video-buckets.ts';

/** The folded rows of one task, column by column. */
export interface FoldedRows {
  readonly rowCount: number;
  /** ROW_COLUMNS columns: BigUint64Array, BigInt64Array or Int32Array, in the order of the ROW_ constants. */
  readonly columns: readonly (BigUint64Array | BigInt64Array | Int32Array)[];
  /** Arrow offsets into the ranges, rowCount + 1. */
  readonly rangeOffsets: Int32Array;
  /** Seconds of video. */
  readonly rangeStarts: Float64Array;
  readonly rangeEnds: Float64Array;
}

/** Where the bins of a piece begin in it, and where the last one ends: bin count + 1 each. */
export interface BinOffsets {
  readonly fragments: Int32Array;
  readonly events: Int32Array;
}

/** Fragments and their events, as views or copies. */
export interface FragmentBytes extends FragmentCounts {
  readonly fragments: Uint8Array;
  readonly events: Uint8Array;
}

/** The fold side of the kernel: fragments and their events go in, rows come out. */
export class FoldKernel {
  private readonly kernel: Kernel;
  private readonly thresholds: BigInt64Array;
  private plan: MemoryPlan | null = null;
  private size: FoldSize | null = null;
  private pieceCount = 0;
  /** What was kept so far. */
  fragmentCount = 0;
  eventCount = 0;

  constructor(kernel: Kernel, thresholds: BigInt64Array) {
    this.kernel = kernel;
    this.thresholds = thresholds;
  }

  /** Makes room for at most `size` fragments and events, and forgets those before. */
  begin(size: FoldSize): void {
    this.plan = planFold(this.kernel.heapBase, size);
    this.size = size;
    this.kernel.place(this.plan);
    this.pieceCount = 0;
    this.fragmentCount = 0;
    this.eventCount = 0;
    new BigInt64Array(this.buffer, this.slot(FOLD_THRESHOLDS), this.thresholds.length).set(this.thresholds);
    if (size.videos) this.copyVideos(size.videos);
  }

  private copyVideos({ hashes, bucketCounts, bucketUs, places }: VideoArrays): void {
    new BigUint64Array(this.buffer, this.slot(FOLD_VIDEO_HASHES), hashes.length).set(hashes);
    new Uint16Array(this.buffer, this.slot(FOLD_VIDEO_BUCKET_COUNTS), hashes.length).set(bucketCounts);
    new Float64Array(this.buffer, this.slot(FOLD_VIDEO_BUCKET_US), hashes.length).set(bucketUs);
    new Int32Array(this.buffer, this.slot(FOLD_VIDEO_PLACES), places.length).set(places);
  }

  /** Views for the caller to fill with the next fragments and their events, before it keeps them or a part. */
  next(counts: FragmentCounts): FragmentBytes {
    return this.bytesOf(this.fragmentsPtr, this.eventsPtr, counts);
  }

  /** As `next`, for narrow events: `widen` them once they are filled in. */
  nextNarrow(counts: FragmentCounts): FragmentBytes {
    const views = this.next(counts);
    return { ...views, events: views.events.subarray(-counts.eventCount * NARROW_EVENT_BYTES) };
  }

  /** Gives the narrow events that were filled in their width. */
  widen({ eventCount }: FragmentCounts, scale: EventScale): void {
    widenEvents(this.kernel, this.eventsPtr, eventCount, scale);
  }

  /** Keeps all that was filled in: the next piece, whose bins lie at `offsets`, counted from the first. */
  keep(counts: FragmentCounts, offsets: BinOffsets): void {
    const { pieceCount, binCount } = this.size!;
    const runs = new Uint32Array(this.buffer, this.slot(FOLD_RUNS), (binCount + 1) * pieceCount * 2);
    const fragmentBase = this.fragmentCount - offsets.fragments[0]!;
    const eventBase = this.eventCount - offsets.events[0]!;
    for (let bin = 0; bin <= binCount; bin++) {
      const run = (bin * pieceCount + this.pieceCount) * 2;
      runs[run] = fragmentBase + offsets.fragments[bin]!;
      runs[run + 1] = eventBase + offsets.events[bin]!;
    }
    this.pieceCount++;
    this.fragmentCount += counts.fragmentCount;
    this.eventCount += counts.eventCount;
  }

  /** Keeps what was filled in, or what a selection left of it; the plan has one piece and one bin. */
  keepInOne(counts: FragmentCounts): void {
    this.fragmentCount += counts.fragmentCount;
    this.eventCount += counts.eventCount;
    this.pieceCount = 1;
    const runs = new Uint32Array(this.buffer, this.slot(FOLD_RUNS), 4);
    runs.set([0, 0, this.fragmentCount, this.eventCount]);
  }

  /** Of what was filled in, leaves what belongs to one share of the user x video pairs. */
  selectShare({ fragmentCount }: FragmentCounts, share: number, shareCount: number): FragmentCounts {
    const left = this.kernel.exports.selectFragments(
      this.fragmentsPtr,
      fragmentCount,
      this.eventsPtr,
      this.size!.eventStride,
      share,
      shareCount,
      this.scratchPtr,
    );
    return { fragmentCount: left, eventCount: this.uint32(this.scratchPtr) };
  }

  /** Of what was filled in, leaves the events before the horizon, or those from it on. */
  selectSide({ fragmentCount }: FragmentCounts, horizonUs: bigint, fromHorizon: boolean): FragmentCounts {
    const left = this.kernel.exports.splitFragments(
      this.fragmentsPtr,
      fragmentCount,
      this.eventsPtr,
      this.size!.eventStride,
      horizonUs,
      fromHorizon ? 1 : 0,
      this.scratchPtr,
    );
    return { fragmentCount: left, eventCount: this.uint32(this.scratchPtr) };
  }

  /** What was kept so far behind the first of it: views, whose contents `fold` destroys. */
  keptBehind(first: FragmentCounts): FragmentBytes {
    return this.bytesOf(
      this.slot(FOLD_FRAGMENTS) + first.fragmentCount * FRAGMENT_BYTES,
      this.slot(FOLD_EVENTS) + first.eventCount * this.size!.eventStride,
      {
        fragmentCount: this.fragmentCount - first.fragmentCount,
        eventCount: this.eventCount - first.eventCount,
      },
    );
  }

  /** What the visits left behind for a fold of later events, where `begin` was told so: views. */
  carried(): FragmentBytes {
    return this.bytesOf(this.slot(FOLD_CARRIED_FRAGMENTS), this.slot(FOLD_CARRIED_EVENTS), {
      fragmentCount: this.uint32(this.plan!.planPtr + FOLD_CARRIED_FRAGMENT_COUNT * 4),
      eventCount: this.uint32(this.plan!.planPtr + FOLD_CARRIED_EVENT_COUNT * 4),
    });
  }

  /** Folds what was kept. The rows are views into the kernel's memory, valid until the next `begin`. */
  fold(): FoldedRows {
    const { planPtr } = this.plan!;
    const rowCount = this.kernel.exports.foldPartition(planPtr, this.pieceCount);
    if (rowCount < 0) throw new Error(`foldPartition(${this.pieceCount}) answered ${rowCount}`);
    const rangeCount = this.uint32(planPtr + FOLD_RANGE_COUNT * 4);
    const columns = Array.from({ length: ROW_COLUMNS }, (_, column) => {
      const ptr = this.slot(FOLD_COLUMNS + column);
      if (column < 2) return new BigUint64Array(this.buffer, ptr, rowCount);
      return column < ROW_WIDE_COLUMNS
        ? new BigInt64Array(this.buffer, ptr, rowCount)
        : new Int32Array(this.buffer, ptr, rowCount);
    });
    return {
      rowCount,
      columns,
      rangeOffsets: new Int32Array(this.buffer, this.slot(FOLD_RANGE_OFFSETS), rowCount + 1),
      rangeStarts: new Float64Array(this.buffer, this.slot(FOLD_RANGE_STARTS), rangeCount),
      rangeEnds: new Float64Array(this.buffer, this.slot(FOLD_RANGE_ENDS), rangeCount),
    };
  }

  /** What the last `fold` recorded: views, valid until the next `begin`. Throws for what `begin` did not ask for. */
  records(name: RecordName): RecordRows {
    const { countSlot, columnsSlot, columns, wideColumns } = RECORDS[name];
    if (this.slot(columnsSlot) === 0) throw new Error(`${name} were not recorded`);
    const rowCount = new Uint32Array(this.buffer, this.plan!.planPtr + countSlot * 4, 1)[0]!;
    return {
      rowCount,
      columns: columns.map((column, i) => {
        const ptr = this.slot(columnsSlot + i);
        if (isHash(column)) return new BigUint64Array(this.buffer, ptr, rowCount);
        return i < wideColumns
          ? new BigInt64Array(this.buffer, ptr, rowCount)
          : new Int32Array(this.buffer, ptr, rowCount);
      }),
    };
  }

  private bytesOf(
    fragmentsPtr: number,
    eventsPtr: number,
    { fragmentCount, eventCount }: FragmentCounts,
  ): FragmentBytes {
    return {
      fragmentCount,
      eventCount,
      fragments: this.kernel.bytes(fragmentsPtr, fragmentCount * FRAGMENT_BYTES),
      events: this.kernel.bytes(eventsPtr, eventCount * this.size!.eventStride),
    };
  }

  /** Where a selection leaves its number of events. */
  private get scratchPtr(): number {
    return this.plan!.planPtr + FOLD_RANGE_COUNT * 4;
  }

  private uint32(ptr: number): number {
    return new Uint32Array(this.buffer, ptr, 1)[0]!;
  }

  private get buffer(): ArrayBuffer {
    return this.kernel.exports.memory.buffer;
  }

  private get fragmentsPtr(): number {
    return this.slot(FOLD_FRAGMENTS) + this.fragmentCount * FRAGMENT_BYTES;
  }

  private get eventsPtr(): number {
    return this.slot(FOLD_EVENTS) + this.eventCount * this.size!.eventStride;
  }

  private slot(slot: number): number {
    return this.plan!.slots[slot]!;
  }
}

/** Counts the fragments and events of each share of the user x video pairs among some fragments. */
export function countShares(
  kernel: Kernel,
  fragmentChunks: Iterable<Uint8Array>,
  shareCount: number,
): FragmentCounts[] {
  const countsPtr = Math.ceil(kernel.heapBase / 64) * 64;
  const fragmentsPtr = countsPtr + shareCount * 8;
  const empty = { slots: new Uint32Array(0), planPtr: countsPtr, regions: [] };
  kernel.place({ ...empty, byteLength: fragmentsPtr });
  kernel.bytes(countsPtr, shareCount * 8).fill(0);
  for (const fragments of fragmentChunks) {
    kernel.place({ ...empty, byteLength: fragmentsPtr + fragments.byteLength });
    kernel.bytes(fragmentsPtr, fragments.byteLength).set(fragments);
    kernel.exports.countShares(fragmentsPtr, fragments.byteLength / FRAGMENT_BYTES, shareCount, countsPtr);
  }
  const counts = new Uint32Array(kernel.exports.memory.buffer, countsPtr, shareCount * 2);
  return Array.from({ length: shareCount }, (_, share) => ({
    fragmentCount: counts[share * 2]!,
    eventCount: counts[share * 2 + 1]!,
  }));
}
