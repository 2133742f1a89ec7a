import { join } from 'node:path';
import { type BatchPlace, BatchWriter } from '../exchange/batch-writer.ts';
import { foldedToBatch } from '../exchange/batches.ts';
import type { Piece } from '../exchange/exchange.ts';
import type { HeldBytes } from '../exchange/held-bytes.ts';
import { countShares, type FoldedRows, FoldKernel, type FragmentBytes } from '../kernel/fold-kernel.ts';
import { Kernel } from '../kernel/kernel.ts';
import { ROW_DUPLICATES, ROW_EVENTS, THRESHOLD_HORIZON_US } from '../kernel/layout.ts';
import type { FoldSize, FragmentCounts } from '../kernel/memory-plan.ts';
import { type RunCounters, throwIfStopped } from '../progress-counters.ts';
import { type FoldResult, type FoldSettings, sum } from './fold.ts';
import { PieceReader } from './piece-reader.ts';

/** Fragments and, behind them, their events: what a later fold begins with. */
export interface OpenFragments extends FragmentCounts {
  readonly memory: SharedArrayBuffer;
}

/**
 * A partition folded in two. The rows of both parts add up to those of one fold of all events: counts and times by
 * sum, extremes by extreme, ranges by union.
 */
export interface HorizonFoldResult {
  /** Events before the horizon. */
  readonly closed: FoldResult;
  /** Events from the horizon on, folded on top. */
  readonly open: FoldResult;
  /** The events from the horizon on, and what the visits before it left behind for those to come. */
  readonly fragments: readonly OpenFragments[];
}

const NOTHING: FragmentCounts = { fragmentCount: 0, eventCount: 0 };

/** One of the two parts while it is folded. */
class Part {
  readonly writer: BatchWriter;
  readonly places: BatchPlace[] = [];
  readonly total = { rowCount: 0, eventCount: 0, duplicateCount: 0 };

  constructor(held: HeldBytes, path: string) {
    this.writer = new BatchWriter(held, path);
  }

  add(rows: FoldedRows): void {
    this.total.rowCount += rows.rowCount;
    this.total.eventCount += sum(rows.columns[ROW_EVENTS] as Int32Array);
    this.total.duplicateCount += sum(rows.columns[ROW_DUPLICATES] as Int32Array);
    if (rows.rowCount > 0) this.places.push(this.writer.write(foldedToBatch(rows)));
  }

  finish(): FoldResult {
    return { places: this.places, ...this.total, records: [], spilledBytes: this.writer.finish() };
  }
}

/** The fold of one thread that can be gone on with: it splits every partition at a horizon. */
export class HorizonFolder {
  private readonly settings: FoldSettings;
  private readonly module: WebAssembly.Module;
  private kernel: Kernel;

  constructor(module: WebAssembly.Module, settings: FoldSettings) {
    this.settings = settings;
    this.module = module;
    this.kernel = new Kernel(module);
  }

  /** Folds one partition, which is all of `pieces`; `index` names its files, which no other fold may write. */
  fold(
    pieces: readonly Piece[],
    index: number,
    horizonUs: bigint,
    held: HeldBytes,
    counters: RunCounters,
  ): HorizonFoldResult {
    const { tempFolder, maxEventsAtOnce } = this.settings;
    const closed = new Part(held, join(tempFolder, `closed-${index}.arrow`));
    const open = new Part(held, join(tempFolder, `open-${index}.arrow`));
    const source = new PieceReader(pieces, 1);
    const fragments: OpenFragments[] = [];
    try {
      const isLarge = source.total.eventCount > maxEventsAtOnce;
      const shareCount = isLarge ? Math.ceil((source.total.eventCount / maxEventsAtOnce) * 1.25) : 1;
      const shares = isLarge ? countShares(this.kernel, source.fragmentChunks(), shareCount) : [source.total];
      for (const [share, counts] of shares.entries()) {
        if (counts.fragmentCount === 0) continue;
        throwIfStopped(counters);
        fragments.push(
          new Split(this.kernel, this.settings, horizonUs, source, share, shares).fold(closed, open),
        );
      }
      // Memory of an instance never shrinks: a new one gives back what the large partition took.
      if (isLarge) this.kernel = new Kernel(this.module);
      counters.addRows(source.total.eventCount);
      return { closed: closed.finish(), open: open.finish(), fragments };
    } catch (error) {
      closed.writer.abandon();
      open.writer.abandon();
      throw error;
    } finally {
      source.close();
    }
  }
}

/** The fold of one share of a partition, before and behind the horizon. */
class Split {
  private readonly kernel: FoldKernel;
  private readonly source: PieceReader;
  private readonly share: number;
  private readonly shareCount: number;
  private readonly horizonUs: bigint;
  private readonly size: FoldSize;

  constructor(
    kernel: Kernel,
    settings: FoldSettings,
    horizonUs: bigint,
    source: PieceReader,
    share: number,
    shares: readonly FragmentCounts[],
  ) {
    const thresholds = settings.thresholds.slice();
    thresholds[THRESHOLD_HORIZON_US] = horizonUs;
    this.kernel = new FoldKernel(kernel, thresholds);
    this.source = source;
    this.share = share;
    this.shareCount = shares.length;
    this.horizonUs = horizonUs;
    // Beside the share that is kept, the largest piece must fit before its part of it is known.
    const { fragmentCount, eventCount } = shares.length === 1 ? NOTHING : source.largest;
    this.size = {
      ...settings,
      pieceCount: 1,
      binCount: 1,
      binBits: settings.binBits - Math.log2(settings.binsPerPartition),
      largestBin: shares[share]!,
      fragmentCount: shares[share]!.fragmentCount + fragmentCount,
      eventCount: shares[share]!.eventCount + eventCount,
    };
  }

  fold(closed: Part, open: Part): OpenFragments {
    const { kernel, size } = this;
    kernel.begin({ ...size, withCarried: true });
    this.load(false);
    closed.add(kernel.fold());
    const carried = copyFragments(kernel.carried());
    kernel.begin({ ...size, ...add(size, carried), largestBin: add(size.largestBin, carried) });
    const room = kernel.next(carried);
    room.fragments.set(carried.fragments);
    room.events.set(carried.events);
    kernel.keepInOne(carried);
    this.load(true);
    const fragments = shareFragments(kernel.kept());
    if (kernel.eventCount > carried.eventCount) open.add(kernel.fold());
    return fragments;
  }

  private load(fromHorizon: boolean): void {
    for (const piece of this.source.pieces) {
      this.source.read(piece, this.kernel.next(piece));
      let counts: FragmentCounts = piece;
      if (this.shareCount > 1) counts = this.kernel.selectShare(counts, this.share, this.shareCount);
      this.kernel.keepInOne(this.kernel.selectSide(counts, this.horizonUs, fromHorizon));
    }
  }
}

function add(a: FragmentCounts, b: FragmentCounts): FragmentCounts {
  return {
    fragmentCount: a.fragmentCount + b.fragmentCount,
    eventCount: a.eventCount + b.eventCount,
  };
}

function copyFragments({ fragments, events, ...counts }: FragmentBytes): FragmentBytes {
  return { ...counts, fragments: fragments.slice(), events: events.slice() };
}

function shareFragments({ fragments, events, fragmentCount, eventCount }: FragmentBytes): OpenFragments {
  const memory = new SharedArrayBuffer(fragments.byteLength + events.byteLength);
  const bytes = new Uint8Array(memory);
  bytes.set(fragments);
  bytes.set(events, fragments.byteLength);
  return { memory, fragmentCount, eventCount };
}
