import { setFlagsFromString } from 'node:v8';
import { Piscina } from 'piscina';
import { fromErrorData } from '../errors.ts';
import type { Piece } from '../exchange/exchange.ts';
import type { FoldResult } from '../fold/fold.ts';
import type { ScanResult } from '../source/scan.ts';
import type { ScanSlice } from '../source/slices.ts';
import { Executor, type ExecutorSettings } from './executor.ts';
import type { Task, TaskResult } from './worker.ts';

/** Does units of work, so many at a time. */
export interface Pool {
  readonly threads: number;
  scan(slice: ScanSlice, index: number): Promise<ScanResult>;
  fold(pieces: readonly Piece[], index: number): Promise<FoldResult>;
  close(): Promise<void>;
}

/** A pool of worker threads, or this thread itself where `threads` is 1. */
export function openPool(threads: number, settings: ExecutorSettings): Pool {
  return threads === 1 ? openInProcess(settings) : openWorkers(threads, settings);
}

function openInProcess(settings: ExecutorSettings): Pool {
  const executor = new Executor(settings);
  return {
    threads: 1,
    scan: (slice, index) => executor.scan(slice, index),
    fold: (pieces, index) => executor.fold(pieces, index),
    close: async () => executor.close(),
  };
}

function openWorkers(threads: number, settings: ExecutorSettings): Pool {
  // DuckDB's vectors reach a worker as memory outside its heap, 100 KB a chunk. With V8's default of some 25 MB
  // between full collections these took a tenth of the scan.
  setFlagsFromString('--initial-old-space-size=128');
  const piscina = new Piscina<Task, TaskResult>({
    filename: new URL('./worker.js', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    workerData: settings,
    // Workers spend their time in DuckDB and the kernel: let them sleep between tasks, not spin.
    atomics: 'disabled',
    recordTiming: false,
  });
  const run = async <Result>(task: Task): Promise<Result> => {
    const { result, error } = await piscina.run(task);
    if (error !== null) throw fromErrorData(error);
    return result as Result;
  };
  return {
    threads,
    scan: (slice, index) => run({ kind: 'scan', slice, index }),
    fold: (pieces, index) => run({ kind: 'fold', pieces, index }),
    close: () => piscina.destroy(),
  };
}

/**
 * Runs `work` for each item, at most `atOnce` at a time, in order of the items. Stops starting at the first
 * failure, waits for what is under way, then throws it.
 */
export async function forEachAtOnce<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failure: { readonly error: unknown } | null = null;
  const lane = async (): Promise<void> => {
    while (next < items.length && failure === null) {
      const index = next++;
      try {
        await work(items[index]!, index);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}
