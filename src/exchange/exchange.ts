import { FRAGMENT_BYTES } from '../kernel/layout.ts';
import type { BatchPlace } from './batch-writer.ts';

/** One round of fragments, in partition order, and where to find each partition in it. */
export interface PartitionedBatch {
  readonly place: BatchPlace;
  /** Arrow offsets, partitions + 1: fragments and events before each partition. */
  readonly fragmentOffsets: Int32Array;
  readonly eventOffsets: Int32Array;
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
}

const padded = (byteLength: number): number => Math.ceil(byteLength / 8) * 8;

/** Holds what the scan left behind, batch by batch, and hands it out partition by partition. */
export class Exchange {
  readonly eventStride: number;
  private readonly batches: PartitionedBatch[] = [];

  constructor(eventStride: number) {
    this.eventStride = eventStride;
  }

  add(batches: readonly PartitionedBatch[]): void {
    this.batches.push(...batches);
  }

  /** The pieces of one partition, in no particular order; together they are all of it. */
  piecesOf(partition: number): Piece[] {
    const pieces: Piece[] = [];
    for (const batch of this.batches) {
      const piece = pieceOf(batch, partition, this.eventStride);
      if (piece.fragmentCount > 0) pieces.push(piece);
    }
    return pieces;
  }

  get eventCount(): number {
    return this.batches.reduce((sum, { eventOffsets }) => sum + eventOffsets[eventOffsets.length - 1]!, 0);
  }
}

/**
 * The body of a batch, each part padded to 8 bytes (Arrow columnar format, "IPC streaming format"):
 *
 *   | fragment offsets | fragments | event offsets | events | <- bodyEnd
 */
function pieceOf(batch: PartitionedBatch, partition: number, eventStride: number): Piece {
  const { fragmentOffsets, eventOffsets, place } = batch;
  const last = fragmentOffsets.length - 1;
  const eventsStart = place.bodyEnd - padded(eventOffsets[last]! * eventStride);
  const fragmentsStart =
    eventsStart - padded(eventOffsets.byteLength) - padded(fragmentOffsets[last]! * FRAGMENT_BYTES);
  const firstFragment = fragmentOffsets[partition]!;
  const firstEvent = eventOffsets[partition]!;
  return {
    memory: place.memory,
    path: place.path,
    fragmentsAt: fragmentsStart + firstFragment * FRAGMENT_BYTES,
    fragmentCount: fragmentOffsets[partition + 1]! - firstFragment,
    eventsAt: eventsStart + firstEvent * eventStride,
    eventCount: eventOffsets[partition + 1]! - firstEvent,
  };
}
