import { join } from 'node:path';
import { type BatchPlace, BatchWriter } from '../exchange/batch-writer.ts';
import { foldedToBatch } from '../exchange/batches.ts';
import type { Piece } from '../exchange/exchange.ts';
import type { HeldBytes } from '../exchange/held-bytes.ts';
import { countShares, FoldKernel } from '../kernel/fold-kernel.ts';
import { Kernel } from '../kernel/kernel.ts';
import { ROW_DUPLICATES, ROW_EVENTS } from '../kernel/layout.ts';
import type { FragmentCounts } from '../kernel/memory-plan.ts';
import type { RecordName } from '../kernel/records.ts';
import type { VideoArrays } from '../kernel/video-buckets.ts';
import { type RunCounters, throwIfStopped } from '../progress-counters.ts';
import { largestBin, PieceReader } from './piece-reader.ts';
import { type RecordPlaces, RecordWriter } from './record-writer.ts';

/** What every fold of a run shares: plain data, sent to each worker once. */
export interface FoldSettings {
  readonly tempFolder: string;
  /** Leading bits of the user hash that the users of a bin share; a partition has `binsPerPartition` bins. */
  readonly binBits: number;
  readonly binsPerPartition: number;
  readonly eventStride: number;
  readonly withRanges: boolean;
  readonly thresholds: BigInt64Array;
  /** A partition with more events is folded in several passes over shares of its user x video pairs. */
  readonly maxEventsAtOnce: number;
  /** What is recorded beside the rows, for further tables. */
  readonly records: readonly RecordName[];
  /** Videos whose buckets are known before the fold, in shared memory. */
  readonly videos: VideoArrays | null;
}

export interface FoldResult {
  readonly places: readonly BatchPlace[];
  readonly rowCount: number;
  readonly eventCount: number;
  readonly duplicateCount: number;
  readonly spilledBytes: number;
  readonly records: readonly RecordPlaces[];
}

/** What was folded of one partition: all users with the same leading bits of their hash. */
export interface PartitionFold extends FoldResult {
  readonly partition: number;
}

/** The fold of one thread. */
export class Folder {
  private readonly settings: FoldSettings;
  private readonly module: WebAssembly.Module;
  private kernel: Kernel;

  constructor(module: WebAssembly.Module, settings: FoldSettings) {
    this.settings = settings;
    this.module = module;
    this.kernel = new Kernel(module);
  }

  /** Folds one partition, which is all of `pieces`. */
  fold(pieces: readonly Piece[], index: number, held: HeldBytes, counters: RunCounters): FoldResult {
    const { tempFolder, records } = this.settings;
    const writer = new BatchWriter(held, join(tempFolder, `fold-${index}.arrow`));
    const recordWriter = new RecordWriter(records, held, tempFolder, index);
    const source = new PieceReader(pieces, this.settings.binsPerPartition);
    const total = { rowCount: 0, eventCount: 0, duplicateCount: 0 };
    const places: BatchPlace[] = [];
    try {
      for (const fold of this.passes(source)) {
        throwIfStopped(counters);
        const rows = fold.fold();
        total.rowCount += rows.rowCount;
        total.eventCount += sum(rows.columns[ROW_EVENTS] as Int32Array);
        total.duplicateCount += sum(rows.columns[ROW_DUPLICATES] as Int32Array);
        places.push(writer.write(foldedToBatch(rows)));
        recordWriter.write(fold);
      }
      counters.addRows(total.eventCount + total.duplicateCount);
      const recorded = recordWriter.finish();
      return { places, ...total, ...recorded, spilledBytes: writer.finish() + recorded.spilledBytes };
    } catch (error) {
      writer.abandon();
      recordWriter.abandon();
      throw error;
    } finally {
      source.close();
    }
  }

  /** Kernels that hold what is to be folded at once, each valid until the next. */
  private *passes(source: PieceReader): Generator<FoldKernel> {
    const { maxEventsAtOnce, thresholds } = this.settings;
    if (source.total.eventCount <= maxEventsAtOnce) {
      const fold = new FoldKernel(this.kernel, thresholds);
      const offsets = source.pieces.map((piece) => source.offsetsOf(piece));
      fold.begin({
        ...this.settings,
        ...source.total,
        pieceCount: source.pieces.length,
        binCount: this.settings.binsPerPartition,
        largestBin: largestBin(offsets),
      });
      for (const [i, piece] of source.pieces.entries()) {
        source.load(piece, fold);
        fold.keep(piece, offsets[i]!);
      }
      yield fold;
      return;
    }
    const shareCount = Math.ceil((source.total.eventCount / maxEventsAtOnce) * 1.25);
    const shares = countShares(this.kernel, source.fragmentChunks(), shareCount);
    for (const [share, counts] of shares.entries()) {
      if (counts.fragmentCount > 0) yield this.keepShare(source, share, shareCount, counts);
    }
    // Memory of an instance never shrinks: a new one gives back what the large partition took.
    this.kernel = new Kernel(this.module);
  }

  private keepShare(
    source: PieceReader,
    share: number,
    shareCount: number,
    counts: FragmentCounts,
  ): FoldKernel {
    const fold = new FoldKernel(this.kernel, this.settings.thresholds);
    // Beside what is kept, the largest piece must fit before its share of it is known.
    fold.begin({
      ...this.settings,
      binBits: this.settings.binBits - Math.log2(this.settings.binsPerPartition),
      pieceCount: 1,
      binCount: 1,
      largestBin: counts,
      fragmentCount: counts.fragmentCount + source.largest.fragmentCount,
      eventCount: counts.eventCount + source.largest.eventCount,
    });
    for (const piece of source.pieces) {
      source.load(piece, fold);
      fold.keepInOne(fold.selectShare(piece, share, shareCount));
    }
    return fold;
  }
}

/** The sum of a column of counts. */
export function sum(values: Int32Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
