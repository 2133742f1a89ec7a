import { runPipeline } from './pipeline.ts';
import { type RunOptions, resolveOptions } from './run-options.ts';
import type { RunSummary } from './summary.ts';

/**
 * Folds event files into one row per user and video and publishes them as Parquet in `options.out`. Throws a
 * PlayfoldError for what the caller can mend and a StoppedError after `options.signal` fired; then nothing was
 * published and nothing is left behind. For more than two threads, set UV_THREADPOOL_SIZE to threads + 2 before
 * the process starts.
 */
export async function run(options: RunOptions): Promise<RunSummary> {
  return runPipeline(resolveOptions(options));
}
