import type { RunSummary } from '../summary.ts';
import { resolveUpdateOptions, type UpdateOptions } from './update-options.ts';
import { updatePipeline } from './update-pipeline.ts';

/**
 * Adds the events of files that were not read yet to the result in `options.out`, which then equals one run over all
 * of them. The first call makes the result and its state. Throws as `run` does.
 */
export async function update(options: UpdateOptions): Promise<RunSummary> {
  return updatePipeline(resolveUpdateOptions(options));
}
