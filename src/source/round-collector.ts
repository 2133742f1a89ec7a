import type { BatchWriter } from '../exchange/batch-writer.ts';
import { roundToBatch } from '../exchange/batches.ts';
import { type PartitionedBatch, thinOffsets } from '../exchange/exchange.ts';
import type { ScanKernel } from '../kernel/scan-kernel.ts';
import { type RunCounters, throwIfStopped } from '../progress-counters.ts';
import type { ChunkTaker } from './hand-over.ts';

/** Collects chunks into rounds, and rounds into batches. */
export class RoundCollector implements ChunkTaker {
  readonly batches: PartitionedBatch[] = [];
  readonly kernel: ScanKernel;
  private readonly writer: BatchWriter;
  private readonly counters: RunCounters;
  private readonly binsPerPartition: number;
  private rowsTaken = 0;

  constructor(kernel: ScanKernel, writer: BatchWriter, counters: RunCounters, binsPerPartition: number) {
    this.kernel = kernel;
    this.writer = writer;
    this.counters = counters;
    this.binsPerPartition = binsPerPartition;
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
    const round = this.kernel.flush();
    if (round.fragments.byteLength === 0) return;
    this.batches.push({
      place: this.writer.write(roundToBatch(round)),
      fragmentOffsets: thinOffsets(round.fragmentOffsets, this.binsPerPartition),
      eventOffsets: thinOffsets(round.eventOffsets, this.binsPerPartition),
    });
  }
}
