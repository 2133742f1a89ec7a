import { forEachAtOnce } from './at-once.ts';
import {
  describeDiskError,
  estimateNeeds,
  quarantineNeed,
  requireSpace,
  type SpaceNeed,
} from './disk-space.ts';
import type { Database } from './duckdb.ts';
import { EXIT, PlayfoldError } from './errors.ts';
import { Exchange } from './exchange/exchange.ts';
import type { PartitionFold } from './fold/fold.ts';
import { checkInvalidLimit } from './invalid-limit.ts';
import { planRun, type RunPlan, readTitles } from './plan.ts';
import { openPool, type Pool, type PoolOptions } from './pool/pool.ts';
import { StoppedError, throwIfStopped } from './progress-counters.ts';
import { accountForRows, type ScanAccount } from './row-account.ts';
import { findInputs, type RunInputs } from './run-inputs.ts';
import type { ResolvedOptions } from './run-options.ts';
import { describeMemoryError, noteTo, openRunDatabase, openStaging } from './run-start.ts';
import { findSameRun } from './sink/manifest.ts';
import { mergeResult } from './sink/merge.ts';
import type { Staging } from './sink/publish.ts';
import { QuarantineFolder } from './sink/quarantine-folder.ts';
import type { ScanTotals } from './source/scan.ts';
import type { ScanSlice } from './source/slices.ts';
import { Stopwatch } from './stopwatch.ts';
import type { RunSummary } from './summary.ts';

/**
 * The whole flow: plan, scan, exchange, fold, merge, publish. Does nothing where the target holds the result of the
 * same inputs and options. Leaves nothing behind when it throws.
 */
export async function runPipeline(options: ResolvedOptions): Promise<RunSummary> {
  const staging = await openStaging(options);
  try {
    const inputs = await findInputs(options, staging.tempFolder);
    // Whoever names a quarantine wants it written.
    const isWanted = options.force || options.quarantine !== null;
    const same = isWanted ? null : await findSameRun(staging.published, inputs.runKey);
    if (same !== null) {
      noteTo(options, 'info', 'nothing to do', { runKey: inputs.runKey, finishedAt: same.finishedAt });
      return { ...same.summary, unchanged: true };
    }
    const summary = await foldInputs(options, staging, inputs);
    noteTo(options, 'info', 'published', {
      out: options.out,
      version: staging.id,
      contentHash: summary.contentHash,
    });
    return summary;
  } catch (error) {
    if (options.signal?.aborted) throw new StoppedError();
    throw await describeDiskError(describeMemoryError(error, options), estimateNeeds(options, staging));
  } finally {
    await staging.discard();
  }
}

async function foldInputs(
  options: ResolvedOptions,
  staging: Staging,
  inputs: RunInputs,
): Promise<RunSummary> {
  const stopwatch = new Stopwatch(options.onProgress);
  const { counters } = stopwatch;
  let database: Database | null = null;
  let quarantine: QuarantineFolder | null = null;
  let needs = estimateNeeds(options, staging);
  let kept: SpaceNeed[] = [];
  const stop = (): void => {
    counters.stop();
    database?.interrupt();
  };
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    if (options.quarantine !== null) {
      quarantine = await QuarantineFolder.create(options.quarantine);
      kept = [quarantineNeed(quarantine.folder, options.quarantine)];
    }
    if (options.signal?.aborted) stop();
    stopwatch.begin('plan', 0);
    const read = inputs.videos === null ? inputs.files : [...inputs.files, inputs.videos];
    const paths = read.map(({ path }) => path);
    database = await openRunDatabase(options, staging, paths);
    await readTitles(database, options, inputs.videos, staging.tempFolder);
    const plan = await planRun(database, inputs.files, options, {
      tempFolder: staging.tempFolder,
      quarantineFolder: quarantine?.folder ?? null,
      counters,
    });
    needs = estimateNeeds(options, staging, plan.rowEstimate, plan.executor.heldLimitBytes);
    await requireSpace(needs);
    await database.limitMemory(plan.planDatabaseBytes);

    stopwatch.begin('scan', plan.rowEstimate);
    const beforeFold = async (account: ScanAccount): Promise<void> => {
      if (account.read === 0 && !options.allowEmpty) throw noRows(options);
      // Before the limit is checked: who passes it wants to see the rows.
      await quarantine?.publish(options.inputs, account);
      checkInvalidLimit(account, options.maxInvalid, options.quarantine);
      stopwatch.begin('fold', account.kept);
    };
    const folded = await foldSlices(plan, beforeFold, {
      ...(options.workerFile === undefined ? {} : { workerFile: options.workerFile }),
      onRetry: (task, reason) => noteTo(options, 'warn', 'runs once more', { task, reason }),
    });
    throwIfStopped(counters);
    await database.limitMemory(plan.mergeDatabaseBytes);
    await database.lockConfiguration();

    return await mergeResult({
      database,
      options,
      staging,
      inputs,
      ...folded,
      stopwatch,
      workers: plan.workers,
      partitionCount: plan.partitionCount,
      videos: plan.executor.fold.videos,
    });
  } catch (error) {
    throw counters.isStopped ? new StoppedError() : await describeDiskError(error, [...needs, ...kept]);
  } finally {
    options.signal?.removeEventListener('abort', stop);
    stopwatch.end();
    database?.close();
    await quarantine?.discard();
  }
}

/** What the stages before the merge give; texts and what was spilled lie in the temporary folder. */
export interface FoldedSlices {
  readonly scans: readonly ScanTotals[];
  readonly account: ScanAccount;
  readonly folds: readonly PartitionFold[];
}

/** Scan, exchange and fold. `beforeFold` may throw to end the run. */
export async function foldSlices(
  plan: RunPlan,
  beforeFold?: (account: ScanAccount) => Promise<void>,
  poolOptions: PoolOptions = {},
): Promise<FoldedSlices> {
  const pool = openPool(plan.workers, plan.executor, poolOptions);
  try {
    const exchange = new Exchange(plan.executor.fold.binsPerPartition);
    const scans = await scanSlices(pool, plan.slices, exchange);
    const account = accountForRows(scans);
    await beforeFold?.(account);
    const folds = await foldPartitions(pool, exchange, plan.partitionCount);
    await exchange.discard();
    return { scans, account, folds };
  } finally {
    await pool.close();
  }
}

/** Scans all slices into the exchange. `firstIndex` keeps the files of two calls in one run apart. */
export async function scanSlices(
  pool: Pool,
  slices: readonly ScanSlice[],
  exchange: Exchange,
  firstIndex = 0,
): Promise<ScanTotals[]> {
  const results: ScanTotals[] = [];
  await forEachAtOnce(slices, pool.threads, async (slice, index) => {
    const { batches, ...totals } = await pool.scan(slice, firstIndex + index);
    exchange.add(batches);
    results.push(totals);
  });
  return results;
}

async function foldPartitions(
  pool: Pool,
  exchange: Exchange,
  partitionCount: number,
): Promise<PartitionFold[]> {
  const results: PartitionFold[] = [];
  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
  await forEachAtOnce(partitions, pool.threads, async (partition) => {
    const pieces = exchange.piecesOf(partition);
    if (pieces.length > 0) results.push({ partition, ...(await pool.fold(pieces, partition)) });
  });
  return results;
}

/** What to tell a user whose inputs hold nothing. */
export function noRows(options: ResolvedOptions): PlayfoldError {
  const window = options.sinceUs !== null || options.untilUs !== null ? ' between --since and --until' : '';
  return new PlayfoldError(
    `${options.inputs.join(', ')}: no rows to read${window}; check the path, or allow it with --allow-empty.`,
    EXIT.input,
  );
}
