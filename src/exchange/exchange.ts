import { rm } from 'node:fs/promises';
import { FRAGMENT_BYTES } from '../kernel/layout.ts';
import type { EventScale } from '../kernel/narrow-events.ts';
import type { BatchPlace } from './batch-writer.ts';

/** One round of fragments, in the order of bins, and where to find each partition in it. */
export interface PartitionedBatch {
  readonly place: BatchPlace;
  /** Fragments and events before each partition, partitions + 1: every `binsPerPartition`th of the Arrow offsets. */
  readonly fragmentOffsets: Int32Array;
  readonly eventOffsets: Int32Array;
  /** Bytes of an event. */
  readonly eventStride: number;
  /** What narrow events count in, or null. */
  readonly scale: EventScale | null;
}

/** The part of one batch that belongs to one partition. Plain data; positions in bytes. */
export interface Piece {
  /** The batch, or null where it lies in the file at `path`. */
  readonly memory: SharedArrayBuffer | null;
  readonly path: string;
  readonly fragmentsAt: number;
  readonly fragmentCount: number;
  readonly eventsAt: number;
  readonly eventCount: number;
  /** Arrow offsets (i32) of the partition's bins, bins + 1. */
  readonly fragmentOffsetsAt: number;
  readonly eventOffsetsAt: number;
  /** What the events count in where they are narrow, or null. */
  readonly scale: EventScale | null;
}

const padded = (byteLength: number): number => Math.ceil(byteLength / 8) * 8;

/** Every `stride`th of some offsets, the last one included. */
export function thinOffsets(offsets: Int32Array, stride: number): Int32Array {
  return Int32Array.from({ length: (offsets.length - 1) / stride + 1 }, (_, i) => offsets[i * stride]!);
}

/** Holds what the scan left behind, batch by batch, and hands it out partition by partition. */
export class Exchange {
  private readonly binsPerPartition: number;
  private readonly batches: PartitionedBatch[] = [];

  constructor(binsPerPartition: number) {
    this.binsPerPartition = binsPerPartition;
  }

  add(batches: readonly PartitionedBatch[]): void {
    this.batches.push(...batches);
  }

  /** The pieces of one partition, in no particular order; together they are all of it. */
  piecesOf(partition: number): Piece[] {
    const pieces: Piece[] = [];
    for (const batch of this.batches) {
      const piece = pieceOf(batch, partition, this.binsPerPartition);
      if (piece.fragmentCount > 0) pieces.push(piece);
    }
    return pieces;
  }

  /**
   * Gives up all batches and their files, once they are folded: the page cache that these take serves the merge, where
   * fresh memory may cost a second a GB.
   */
  async discard(): Promise<void> {
    const paths = new Set(this.batches.map(({ place }) => place.path).filter((path) => path !== ''));
    this.batches.length = 0;
    await Promise.all([...paths].map((path) => rm(path, { force: true })));
  }
}

/**
 * The body of a batch, each part padded to 8 bytes (Arrow columnar format, "IPC streaming format"):
 *
 *   | fragment offsets | fragments | event offsets | events | <- bodyEnd
 */
function pieceOf(batch: PartitionedBatch, partition: number, binsPerPartition: number): Piece {
  const { fragmentOffsets, eventOffsets, eventStride, place, scale } = batch;
  const last = fragmentOffsets.length - 1;
  const offsetBytes = padded((last * binsPerPartition + 1) * 4);
  const eventsStart = place.bodyEnd - padded(eventOffsets[last]! * eventStride);
  const fragmentsStart = eventsStart - offsetBytes - padded(fragmentOffsets[last]! * FRAGMENT_BYTES);
  const firstBinAt = partition * binsPerPartition * 4;
  const firstFragment = fragmentOffsets[partition]!;
  const firstEvent = eventOffsets[partition]!;
  return {
    memory: place.memory,
    path: place.path,
    fragmentsAt: fragmentsStart + firstFragment * FRAGMENT_BYTES,
    fragmentCount: fragmentOffsets[partition + 1]! - firstFragment,
    eventsAt: eventsStart + firstEvent * eventStride,
    eventCount: eventOffsets[partition + 1]! - firstEvent,
    fragmentOffsetsAt: fragmentsStart - offsetBytes + firstBinAt,
    eventOffsetsAt: eventsStart - offsetBytes + firstBinAt,
    scale,
  };
}
