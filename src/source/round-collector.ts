import type { BatchWriter } from '../exchange/batch-writer.ts';
import { roundToBatch } from '../exchange/batches.ts';
import { type PartitionedBatch, thinOffsets } from '../exchange/exchange.ts';
import type { Round, ScanKernel } from '../kernel/scan-kernel.ts';
import { type RunCounters, throwIfStopped } from '../progress-counters.ts';
import type { ChunkTaker } from './hand-over.ts';

/** Collects chunks into rounds, and rounds into batches. */
export class RoundCollector implements ChunkTaker {
  readonly batches: PartitionedBatch[] = [];
  readonly kernel: ScanKernel;
  private readonly writer: BatchWriter;
  private readonly counters: RunCounters;
  private readonly binsPerPartition: number;
  private readonly span: EventSpan | null;
  private rowsTaken = 0;

  constructor(
    kernel: ScanKernel,
    writer: BatchWriter,
    counters: RunCounters,
    binsPerPartition: number,
    span: EventSpan | null = null,
  ) {
    this.kernel = kernel;
    this.writer = writer;
    this.counters = counters;
    this.binsPerPartition = binsPerPartition;
    this.span = span;
  }

  take(rowCount: number): void {
    throwIfStopped(this.counters);
    if (!this.kernel.push(rowCount)) {
      this.flush();
      this.kernel.push(rowCount);
    }
    this.counters.addRows(rowCount);
    this.rowsTaken += rowCount;
  }

  /** Takes the rows of a scan that failed out of the progress. */
  forgetRows(): void {
    this.counters.addRows(-this.rowsTaken);
  }

  flush(): void {
    const round = this.kernel.flushNarrow();
    if (round.fragments.byteLength === 0) return;
    this.span?.look(round);
    this.batches.push({
      place: this.writer.write(roundToBatch(round)),
      fragmentOffsets: thinOffsets(round.fragmentOffsets, this.binsPerPartition),
      eventOffsets: thinOffsets(round.eventOffsets, this.binsPerPartition),
      eventStride: round.eventStride,
      scale: round.scale,
    });
  }
}

/** Finds the earliest and the latest event, of events with fromTime, by the halves of their first word: comparing BigInts would take ten times as long. */
export class EventSpan {
  private firstHigh = Number.POSITIVE_INFINITY;
  private firstLow = 0;
  private lastHigh = Number.NEGATIVE_INFINITY;
  private lastLow = 0;

  look({ events, eventStride }: Round): void {
    const words = new Int32Array(events.buffer, events.byteOffset, events.byteLength / 4);
    for (let at = 0; at < words.length; at += eventStride / 4) {
      const high = words[at + 1]!;
      const low = words[at]! >>> 0;
      if (high > this.lastHigh || (high === this.lastHigh && low > this.lastLow)) {
        this.lastHigh = high;
        this.lastLow = low;
      }
      if (high < this.firstHigh || (high === this.firstHigh && low < this.firstLow)) {
        this.firstHigh = high;
        this.firstLow = low;
      }
    }
  }

  /** Null where no event was looked at. */
  get earliestUs(): bigint | null {
    return this.lastHigh === Number.NEGATIVE_INFINITY ? null : toTimestampUs(this.firstHigh, this.firstLow);
  }

  get latestUs(): bigint | null {
    return this.lastHigh === Number.NEGATIVE_INFINITY ? null : toTimestampUs(this.lastHigh, this.lastLow);
  }
}

const toTimestampUs = (high: number, low: number): bigint => ((BigInt(high) << 32n) | BigInt(low)) >> 3n;
