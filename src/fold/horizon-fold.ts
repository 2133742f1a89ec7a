import { join } from 'node:path';
import { type BatchPlace, BatchWriter } from '../exchange/batch-writer.ts';
import { foldedToBatch } from '../exchange/batches.ts';
import type { Piece } from '../exchange/exchange.ts';
import type { HeldBytes } from '../exchange/held-bytes.ts';
import { countShares, type FoldedRows } from '../kernel/fold-kernel.ts';
import { Kernel } from '../kernel/kernel.ts';
import { ROW_DUPLICATES, ROW_EVENTS } from '../kernel/layout.ts';
import { type RunCounters, throwIfStopped } from '../progress-counters.ts';
import { unpackCarries } from './carry-fragments.ts';
import { type CarryPlace, CarryReader } from './carry-reader.ts';
import {
  type CarryTable,
  dropPairs,
  entomb,
  fingerprintsOf,
  NO_CARRIES,
  type PairSet,
  uniteCarries,
} from './carry-table.ts';
import { type FoldResult, type FoldSettings, sum } from './fold.ts';
import { HorizonSplit, type OpenFragments } from './horizon-split.ts';
import { PieceReader } from './piece-reader.ts';
import { RowCollector } from './row-collector.ts';

/** One partition, to be folded at a horizon. Plain data. */
export interface HorizonPartition {
  /** New events, and the open fragments of the fold before. Events have EVENT_FROM_BYTES. */
  readonly pieces: readonly Piece[];
  /** Carries that folds before put away, the newest first: those of the sessions in `pieces` are gone on with. */
  readonly carries: readonly CarryPlace[];
  /** Pairs whose carries are dropped: all of their events are in `pieces`. */
  readonly wholePairs: PairSet | null;
  readonly horizonUs: bigint;
}

/**
 * Some partitions folded in two. The rows of both parts add up to those of one fold of all events: counts and times by
 * sum, extremes by extreme, ranges by union.
 */
export interface HorizonFoldResult {
  /** Events before the horizon. */
  readonly closed: FoldResult;
  /** Events from the horizon on, folded on top. */
  readonly open: FoldResult;
  /** Of each partition, in their order. */
  readonly left: readonly LeftBehind[];
}

/** What later folds of a partition begin with. */
export interface LeftBehind {
  /** The events from the horizon on, and what visits left behind that were seen within the session timeout before. */
  readonly fragments: readonly OpenFragments[];
  /** What sessions left behind that are silent for longer; tombstones of those whose older carries stand no more. */
  readonly carries: CarryTable;
}

/** One of the two parts while it is folded. */
class Part {
  readonly writer: BatchWriter;
  private readonly places: BatchPlace[] = [];
  private readonly collector = new RowCollector();
  readonly total = { rowCount: 0, eventCount: 0, duplicateCount: 0 };

  constructor(held: HeldBytes, path: string) {
    this.writer = new BatchWriter(held, path);
  }

  add(rows: FoldedRows): void {
    this.total.rowCount += rows.rowCount;
    this.total.eventCount += sum(rows.columns[ROW_EVENTS] as Int32Array);
    this.total.duplicateCount += sum(rows.columns[ROW_DUPLICATES] as Int32Array);
    this.write(this.collector.add(rows));
  }

  finish(): FoldResult {
    this.write(this.collector.flush());
    return { places: this.places, ...this.total, records: [], spilledBytes: this.writer.finish() };
  }

  private write(rows: FoldedRows | null): void {
    if (rows !== null) this.places.push(this.writer.write(foldedToBatch(rows)));
  }
}

/** The fold of one thread that can be gone on with: it splits every partition at a horizon. */
export class HorizonFolder {
  private readonly settings: FoldSettings;
  private readonly module: WebAssembly.Module;
  private readonly carryReader = new CarryReader();
  private kernel: Kernel;

  constructor(module: WebAssembly.Module, settings: FoldSettings) {
    this.settings = settings;
    this.module = module;
    this.kernel = new Kernel(module);
  }

  /** Folds some partitions; `index` names their files, which no other fold may write. */
  fold(
    partitions: readonly HorizonPartition[],
    index: number,
    held: HeldBytes,
    counters: RunCounters,
  ): HorizonFoldResult {
    const { tempFolder } = this.settings;
    const closed = new Part(held, join(tempFolder, `closed-${index}.arrow`));
    const open = new Part(held, join(tempFolder, `open-${index}.arrow`));
    try {
      const left = partitions.map((partition) => this.foldInto(closed, open, partition, counters));
      return { closed: closed.finish(), open: open.finish(), left };
    } catch (error) {
      closed.writer.abandon();
      open.writer.abandon();
      throw error;
    }
  }

  private foldInto(closed: Part, open: Part, partition: HorizonPartition, counters: RunCounters): LeftBehind {
    const { maxEventsAtOnce } = this.settings;
    const { horizonUs, wholePairs } = partition;
    const found = this.findCarries(partition);
    const carried = wholePairs === null ? found : dropPairs(found, wholePairs);
    const source = new PieceReader([...partition.pieces, unpackCarries(carried)], 1);
    const fragments: OpenFragments[] = [];
    const silent: CarryTable[] = [];
    try {
      const isLarge = source.total.eventCount > maxEventsAtOnce;
      const shareCount = isLarge ? Math.ceil((source.total.eventCount / maxEventsAtOnce) * 1.25) : 1;
      const shares = isLarge ? countShares(this.kernel, source.fragmentChunks(), shareCount) : [source.total];
      for (const [share, counts] of shares.entries()) {
        if (counts.fragmentCount === 0) continue;
        throwIfStopped(counters);
        const split = new HorizonSplit(this.kernel, this.settings, horizonUs, source, share, shares);
        const left = split.fold(closed, open);
        fragments.push(left.fragments);
        silent.push(left.silent);
      }
      // Memory of an instance never shrinks: a new one gives back what the large partition took.
      if (isLarge) this.kernel = new Kernel(this.module);
      counters.addRows(source.total.eventCount);
      return { fragments, carries: uniteCarries([...silent, entomb(found)], true) };
    } finally {
      source.close();
    }
  }

  /** The carries of the sessions of a partition's pieces. */
  private findCarries({ pieces, carries }: HorizonPartition): CarryTable {
    if (carries.length === 0) return NO_CARRIES;
    const source = new PieceReader(pieces, 1);
    try {
      const fingerprints = fingerprintsOf(source.fragmentChunks(), source.total.fragmentCount);
      return this.carryReader.find(carries, fingerprints);
    } finally {
      source.close();
      this.carryReader.close();
    }
  }
}
