import { setFlagsFromString } from 'node:v8';
import { builtFile } from '../built-files.ts';
import { fromErrorData, PlayfoldError } from '../errors.ts';
import type { Piece } from '../exchange/exchange.ts';
import type { FoldResult } from '../fold/fold.ts';
import type { HorizonFoldResult, HorizonPartition } from '../fold/horizon-fold.ts';
import { RunCounters } from '../progress-counters.ts';
import type { ScanResult } from '../source/scan.ts';
import type { ScanSlice } from '../source/slices.ts';
import type { ExecutorSettings } from './executor.ts';
import { type Task, type TaskResult, TaskRunner } from './task.ts';
import { openWorkerThreads } from './worker-threads.ts';

/** Does units of work, so many at a time. */
export interface Pool {
  readonly threads: number;
  scan(slice: ScanSlice, index: number): Promise<ScanResult>;
  fold(pieces: readonly Piece[], index: number): Promise<FoldResult>;
  foldAtHorizon(partitions: readonly HorizonPartition[], index: number): Promise<HorizonFoldResult>;
  close(): Promise<void>;
}

export interface PoolOptions {
  /** Another file than worker.js: tests let it die. */
  readonly workerFile?: string;
  /** Called before a unit of work is run once more, with its name and why. */
  readonly onRetry?: (task: string, reason: string) => void;
}

/** Runs one task; a second attempt gets a kernel and a DuckDB of its own. */
type RunTask = (task: Task) => Promise<TaskResult>;

/**
 * A pool of worker threads, or this thread itself where `threads` is 1. Work whose worker dies (out of memory, a
 * trap, an exit) is run once more on a fresh one; when that fails too, the pool rejects with an error that names it.
 */
export function openPool(threads: number, settings: ExecutorSettings, options: PoolOptions = {}): Pool {
  const { runTask, close } =
    threads === 1 ? openInProcess(settings) : openWorkers(threads, settings, options);
  const counters = new RunCounters(settings.runCounters);
  const run = async <Result>(task: Task, name: string): Promise<Result> => {
    const failure = await outcomeOf(runTask, task);
    if (failure.error === null) return failure.result as Result;
    if (failure.error instanceof PlayfoldError || counters.isStopped) throw failure.error;
    options.onRetry?.(name, failure.error.message);
    const { result, error } = await outcomeOf(runTask, { ...task, attempt: 2 });
    if (error === null) return result as Result;
    if (!(error instanceof PlayfoldError)) error.message = `${name} failed twice: ${error.message}`;
    throw error;
  };
  return {
    threads,
    scan: (slice, index) => run({ kind: 'scan', slice, index, attempt: 1 }, `scan of ${slice.label}`),
    fold: (pieces, index) => run({ kind: 'fold', pieces, index, attempt: 1 }, `fold of partition ${index}`),
    foldAtHorizon: (partitions, index) =>
      run({ kind: 'foldAtHorizon', partitions, index, attempt: 1 }, `fold of partition ${index}`),
    close,
  };
}

/** What a task came to: a worker that died rejects, one that lives answers with an error. */
async function outcomeOf(
  runTask: RunTask,
  task: Task,
): Promise<{ readonly result: TaskResult['result']; readonly error: Error | null }> {
  try {
    const { result, error } = await runTask(task);
    return { result, error: error === null ? null : fromErrorData(error) };
  } catch (error) {
    return { result: null, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

interface Runner {
  readonly runTask: RunTask;
  close(): Promise<void>;
}

function openInProcess(settings: ExecutorSettings): Runner {
  const tasks = new TaskRunner(settings);
  return { runTask: (task) => tasks.run(task), close: async () => tasks.close() };
}

function openWorkers(threads: number, settings: ExecutorSettings, { workerFile }: PoolOptions): Runner {
  // DuckDB's vectors reach a worker as memory outside its heap, 100 KB a chunk. With V8's default of some 25 MB
  // between full collections these took a tenth of the scan.
  setFlagsFromString('--initial-old-space-size=128');
  const file = workerFile ?? builtFile('pool/worker.js').href;
  const { run, close } = openWorkerThreads<Task, TaskResult>(file, threads, settings);
  return { runTask: run, close };
}
