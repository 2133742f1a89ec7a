import { type FoldedRows, FoldKernel, type FragmentBytes } from '../kernel/fold-kernel.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { THRESHOLD_HORIZON_US, THRESHOLD_SESSION_TIMEOUT_US } from '../kernel/layout.ts';
import type { FoldSize, FragmentCounts } from '../kernel/memory-plan.ts';
import { divideCarried, packCarries } from './carry-fragments.ts';
import type { CarryTable } from './carry-table.ts';
import type { FoldSettings } from './fold.ts';
import type { PieceReader } from './piece-reader.ts';

/** Fragments and, behind them, their events: what a later fold begins with. */
export interface OpenFragments extends FragmentCounts {
  readonly memory: SharedArrayBuffer;
}

/** Takes folded rows, which are valid during the call. */
export interface RowSink {
  add(rows: FoldedRows): void;
}

const NOTHING: FragmentCounts = { fragmentCount: 0, eventCount: 0 };

/** The fold of one share of a partition, before and behind the horizon. */
export class HorizonSplit {
  private readonly kernel: FoldKernel;
  private readonly source: PieceReader;
  private readonly share: number;
  private readonly shareCount: number;
  private readonly horizonUs: bigint;
  private readonly timeoutUs: bigint;
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
    this.timeoutUs = thresholds[THRESHOLD_SESSION_TIMEOUT_US]!;
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

  /** Gives the rows to their sinks; returns what later folds need, of sessions still seen and of silent ones. */
  fold(closed: RowSink, open: RowSink): { readonly fragments: OpenFragments; readonly silent: CarryTable } {
    const { kernel, size } = this;
    kernel.begin({ ...size, withCarried: true });
    this.load(false);
    closed.add(kernel.fold());
    const { silent, recent } = divideCarried(kernel.carried(), this.horizonUs - this.timeoutUs);
    const carried = add(silent, recent);
    kernel.begin({ ...size, ...add(size, carried), largestBin: add(size.largestBin, carried) });
    this.keep(silent);
    this.keep(recent);
    this.load(true);
    const fragments = shareFragments(kernel.keptBehind(silent));
    if (kernel.eventCount > carried.eventCount) open.add(kernel.fold());
    return { fragments, silent: packCarries(silent) };
  }

  private keep(bytes: FragmentBytes): void {
    const room = this.kernel.next(bytes);
    room.fragments.set(bytes.fragments);
    room.events.set(bytes.events);
    this.kernel.keepInOne(bytes);
  }

  private load(fromHorizon: boolean): void {
    for (const piece of this.source.pieces) {
      this.source.load(piece, this.kernel);
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

function shareFragments({ fragments, events, fragmentCount, eventCount }: FragmentBytes): OpenFragments {
  const memory = new SharedArrayBuffer(fragments.byteLength + events.byteLength);
  const bytes = new Uint8Array(memory);
  bytes.set(fragments);
  bytes.set(events, fragments.byteLength);
  return { memory, fragmentCount, eventCount };
}
