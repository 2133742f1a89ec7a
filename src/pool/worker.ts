import { workerData } from 'piscina';
import { type ErrorData, toErrorData } from '../errors.ts';
import type { Piece } from '../exchange/exchange.ts';
import type { FoldResult } from '../fold/fold.ts';
import type { ScanResult } from '../source/scan.ts';
import type { ScanSlice } from '../source/slices.ts';
import { Executor, type ExecutorSettings } from './executor.ts';

/** One unit of work. */
export type Task =
  | { readonly kind: 'scan'; readonly slice: ScanSlice; readonly index: number }
  | { readonly kind: 'fold'; readonly pieces: readonly Piece[]; readonly index: number };

/** What comes of it; errors travel as data, because their own properties would be lost. */
export type TaskResult =
  | { readonly result: ScanResult | FoldResult; readonly error: null }
  | { readonly result: null; readonly error: ErrorData };

const executor = new Executor(workerData as ExecutorSettings);

/** Does one unit of work in this worker. Never throws for what the work itself threw. */
export default async function work(task: Task): Promise<TaskResult> {
  try {
    const result =
      task.kind === 'scan'
        ? await executor.scan(task.slice, task.index)
        : await executor.fold(task.pieces, task.index);
    return { result, error: null };
  } catch (error) {
    return { result: null, error: toErrorData(error) };
  }
}
