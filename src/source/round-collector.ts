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
  private readonly latest: LatestEvent | null;
  private rowsTaken = 0;

  constructor(
    kernel: ScanKernel,
    writer: BatchWriter,
    counters: RunCounters,
    binsPerPartition: number,
    latest: LatestEvent | null = null,
  ) {
    this.kernel = kernel;
    this.writer = writer;
    this.counters = counters;
    this.binsPerPartition = binsPerPartition;
    this.latest = latest;
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
    this.latest?.look(round);
    this.batches.push({
      place: this.writer.write(roundToBatch(round)),
      fragmentOffsets: thinOffsets(round.fragmentOffsets, this.binsPerPartition),
      eventOffsets: thinOffsets(round.eventOffsets, this.binsPerPartition),
      eventStride: round.eventStride,
      scale: round.scale,
    });
  }
}

/** Finds the latest event, of events with fromTime, by the halves of its first word: comparing BigInts would take ten times as long. */
export class LatestEvent {
  private high = Number.NEGATIVE_INFINITY;
  private low = 0;

  look({ events, eventStride }: Round): void {
    const words = new Int32Array(events.buffer, events.byteOffset, events.byteLength / 4);
    for (let at = 0; at < words.length; at += eventStride / 4) {
      const high = words[at + 1]!;
      if (high < this.high) continue;
      const low = words[at]! >>> 0;
      if (high > this.high || low > this.low) this.low = low;
      this.high = high;
    }
  }

  get timestampUs(): bigint | null {
    if (this.high === Number.NEGATIVE_INFINITY) return null;
    return ((BigInt(this.high) << 32n) | BigInt(this.low)) >> 3n;
  }
}
