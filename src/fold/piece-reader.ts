import { closeSync, openSync, readSync } from 'node:fs';
import type { Piece } from '../exchange/exchange.ts';
import type { BinOffsets, FoldKernel } from '../kernel/fold-kernel.ts';
import { FRAGMENT_BYTES } from '../kernel/layout.ts';
import type { FragmentCounts } from '../kernel/memory-plan.ts';

/** Reads the pieces of one partition from shared memory or from the spill files they lie in. Close it at the end. */
export class PieceReader {
  readonly pieces: readonly Piece[];
  readonly total: FragmentCounts;
  readonly largest: FragmentCounts;
  private readonly binCount: number;
  private readonly files = new Map<string, number>();

  constructor(pieces: readonly Piece[], binCount: number) {
    this.pieces = pieces;
    this.binCount = binCount;
    const counts = (pick: (a: number, b: number) => number): FragmentCounts => ({
      fragmentCount: pieces.reduce((most, piece) => pick(most, piece.fragmentCount), 0),
      eventCount: pieces.reduce((most, piece) => pick(most, piece.eventCount), 0),
    });
    this.total = counts((a, b) => a + b);
    this.largest = counts(Math.max);
  }

  /** Copies a piece's fragments and events to where a fold takes the next ones. */
  load(piece: Piece, fold: FoldKernel): void {
    if (piece.scale === null) {
      this.read(piece, fold.next(piece));
      return;
    }
    this.read(piece, fold.nextNarrow(piece));
    fold.widen(piece, piece.scale);
  }

  /** Copies a piece's fragments and events, as they are, into memory of the caller. */
  read(piece: Piece, into: { readonly fragments: Uint8Array; readonly events: Uint8Array }): void {
    this.copy(piece, piece.fragmentsAt, into.fragments);
    this.copy(piece, piece.eventsAt, into.events);
  }

  /** Where the bins of a piece begin: the part of the batch's Arrow offsets that belongs to the partition. */
  offsetsOf(piece: Piece): BinOffsets {
    return {
      fragments: this.offsetsAt(piece, piece.fragmentOffsetsAt),
      events: this.offsetsAt(piece, piece.eventOffsetsAt),
    };
  }

  *fragmentChunks(): Generator<Uint8Array> {
    for (const piece of this.pieces) {
      const fragments = new Uint8Array(piece.fragmentCount * FRAGMENT_BYTES);
      this.copy(piece, piece.fragmentsAt, fragments);
      yield fragments;
    }
  }

  close(): void {
    for (const fd of this.files.values()) closeSync(fd);
    this.files.clear();
  }

  private offsetsAt(piece: Piece, at: number): Int32Array {
    if (piece.memory !== null) return new Int32Array(piece.memory, at, this.binCount + 1);
    const offsets = new Int32Array(this.binCount + 1);
    this.copy(piece, at, new Uint8Array(offsets.buffer));
    return offsets;
  }

  private copy(piece: Piece, at: number, into: Uint8Array): void {
    if (piece.memory !== null) {
      into.set(new Uint8Array(piece.memory, at, into.byteLength));
      return;
    }
    let fd = this.files.get(piece.path);
    if (fd === undefined) {
      fd = openSync(piece.path, 'r');
      this.files.set(piece.path, fd);
    }
    for (let done = 0; done < into.byteLength; ) {
      const length = readSync(fd, into, done, into.byteLength - done, at + done);
      if (length === 0)
        throw new Error(`${piece.path} ends at ${at + done}, ${into.byteLength - done} bytes short`);
      done += length;
    }
  }
}

/** The most fragments, and the most events, that any bin has over all pieces. */
export function largestBin(offsets: readonly BinOffsets[]): FragmentCounts {
  const binCount = (offsets[0]?.fragments.length ?? 1) - 1;
  const largest = (pick: (piece: BinOffsets) => Int32Array): number => {
    const sizes = new Uint32Array(binCount);
    for (const piece of offsets) {
      const starts = pick(piece);
      for (let bin = 0; bin < binCount; bin++) sizes[bin]! += starts[bin + 1]! - starts[bin]!;
    }
    return sizes.reduce((a, b) => Math.max(a, b), 0);
  };
  return { fragmentCount: largest((piece) => piece.fragments), eventCount: largest((piece) => piece.events) };
}
