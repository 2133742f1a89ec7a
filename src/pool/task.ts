import { type ErrorData, toErrorData } from '../errors.ts';
import type { Piece } from '../exchange/exchange.ts';
import type { FoldResult } from '../fold/fold.ts';
import type { HorizonFoldResult, HorizonPartition } from '../fold/horizon-fold.ts';
import type { ScanResult } from '../source/scan.ts';
import type { ScanSlice } from '../source/slices.ts';
import { Executor, type ExecutorSettings } from './executor.ts';

/** One unit of work. The second attempt at one trusts nothing that the first may have left broken. */
export type Task = { readonly index: number; readonly attempt: 1 | 2 } & (
  | { readonly kind: 'scan'; readonly slice: ScanSlice }
  | { readonly kind: 'fold'; readonly pieces: readonly Piece[] }
  | { readonly kind: 'foldAtHorizon'; readonly partitions: readonly HorizonPartition[] }
);

/** What comes of it; errors travel as data, because their own properties would be lost. */
export type TaskResult =
  | { readonly result: ScanResult | FoldResult | HorizonFoldResult; readonly error: null }
  | { readonly result: null; readonly error: ErrorData };

/** Does tasks in this thread, one at a time. */
export class TaskRunner {
  private readonly settings: ExecutorSettings;
  private executor: Executor;

  constructor(settings: ExecutorSettings) {
    this.settings = settings;
    this.executor = new Executor(settings);
  }

  /** Never throws for what the work itself threw. */
  async run(task: Task): Promise<TaskResult> {
    try {
      if (task.attempt > 1) this.renew();
      return { result: await this.execute(task), error: null };
    } catch (error) {
      return { result: null, error: toErrorData(error) };
    }
  }

  close(): void {
    this.executor.close();
  }

  private execute(task: Task): Promise<ScanResult | FoldResult | HorizonFoldResult> {
    switch (task.kind) {
      case 'scan':
        return this.executor.scan(task.slice, task.index);
      case 'fold':
        return this.executor.fold(task.pieces, task.index);
      case 'foldAtHorizon':
        return this.executor.foldAtHorizon(task.partitions, task.index);
    }
  }

  private renew(): void {
    this.executor.close();
    this.executor = new Executor(this.settings);
  }
}
