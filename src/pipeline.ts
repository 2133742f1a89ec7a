import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planBudget } from './budget.ts';
import { Database } from './duckdb.ts';
import { EXIT, PlayfoldError } from './errors.ts';
import { Exchange } from './exchange/exchange.ts';
import type { FoldResult } from './fold/fold.ts';
import { checkInvalidLimit } from './invalid-limit.ts';
import { forEachAtOnce, openPool, type Pool } from './pool/pool.ts';
import { StoppedError, throwIfStopped } from './progress-counters.ts';
import { accountForRows, type ScanAccount } from './row-account.ts';
import type { ResolvedOptions } from './run-options.ts';
import { planRun, type RunPlan, readSources } from './run-plan.ts';
import { mergeResult } from './sink/merge.ts';
import { checkTarget, Staging } from './sink/publish.ts';
import { QuarantineFolder } from './sink/quarantine-folder.ts';
import type { ScanResult } from './source/scan.ts';
import type { ScanSlice } from './source/slices.ts';
import { Stopwatch } from './stopwatch.ts';
import type { RunSummary } from './summary.ts';

/** The whole flow: plan, scan, exchange, fold, merge, publish. Leaves nothing behind when it throws. */
export async function runPipeline(options: ResolvedOptions): Promise<RunSummary> {
  checkTarget(options.out);
  const stopwatch = new Stopwatch(options.onProgress);
  const { counters } = stopwatch;
  let database: Database | null = null;
  const stop = (): void => {
    counters.stop();
    database?.interrupt();
  };
  options.signal?.addEventListener('abort', stop, { once: true });
  const staging = await Staging.create(options.out);
  const tempFolder = await makeTempFolder(staging);
  let quarantine: QuarantineFolder | null = null;
  try {
    if (options.quarantine !== null) quarantine = await QuarantineFolder.create(options.quarantine);
    if (options.signal?.aborted) stop();
    stopwatch.begin('plan', 0);
    database = await openDatabase(options, tempFolder);
    const files = await readSources(database, options, tempFolder);
    const quarantineFolder = quarantine?.folder ?? null;
    const plan = await planRun(database, files, options, { tempFolder, quarantineFolder, counters });
    await database.limitMemory(plan.planDatabaseBytes);

    stopwatch.begin('scan', plan.rowEstimate);
    const folded = await foldSlices(plan, async (account) => {
      if (account.read === 0 && !options.allowEmpty) throw noRows(options);
      // Before the limit is checked: who passes it wants to see the rows.
      await quarantine?.publish(options.inputs, account);
      checkInvalidLimit(account, options.maxInvalid, options.quarantine);
      stopwatch.begin('fold', account.kept);
    });
    throwIfStopped(counters);
    await database.limitMemory(plan.mergeDatabaseBytes);

    return await mergeResult({
      database,
      options,
      staging,
      ...folded,
      stopwatch,
      workers: plan.workers,
    });
  } catch (error) {
    throw counters.isStopped ? new StoppedError() : error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
    stopwatch.end();
    database?.close();
    await staging.discard();
    await quarantine?.discard();
    await rm(tempFolder, { recursive: true, force: true });
  }
}

/** What the stages before the merge give; texts and what was spilled lie in the temporary folder. */
export interface FoldedSlices {
  readonly scans: readonly ScanResult[];
  readonly account: ScanAccount;
  readonly folds: readonly FoldResult[];
}

/** Scan, exchange and fold. `beforeFold` may throw to end the run. */
export async function foldSlices(
  plan: RunPlan,
  beforeFold?: (account: ScanAccount) => Promise<void>,
): Promise<FoldedSlices> {
  const pool = openPool(plan.workers, plan.executor);
  try {
    const { eventStride, binsPerPartition } = plan.executor.fold;
    const exchange = new Exchange(eventStride, binsPerPartition);
    const scans = await scanSlices(pool, plan.slices, exchange);
    const account = accountForRows(scans);
    await beforeFold?.(account);
    return { scans, account, folds: await foldPartitions(pool, exchange, plan.partitionCount) };
  } finally {
    await pool.close();
  }
}

async function makeTempFolder(staging: Staging): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'playfold-'));
  } catch (error) {
    await staging.discard();
    const { code } = error as NodeJS.ErrnoException;
    throw new PlayfoldError(
      `${tmpdir()}: no temporary folder can be made there (${code}); set TMPDIR to a folder that can be written.`,
      EXIT.disk,
    );
  }
}

function openDatabase(options: ResolvedOptions, tempFolder: string): Promise<Database> {
  const { threads, memoryBytes } = options;
  // Until the workers start, it has the memory to itself.
  const { mergeDatabaseBytes } = planBudget({ memoryBytes, threads, rowEstimate: 0, hasFrom: false });
  return Database.open({ threads, memoryBytes: mergeDatabaseBytes, tempFolder });
}

async function scanSlices(
  pool: Pool,
  slices: readonly ScanSlice[],
  exchange: Exchange,
): Promise<ScanResult[]> {
  const results: ScanResult[] = [];
  await forEachAtOnce(slices, pool.threads, async (slice, index) => {
    const result = await pool.scan(slice, index);
    exchange.add(result.batches);
    results.push(result);
  });
  return results;
}

async function foldPartitions(pool: Pool, exchange: Exchange, partitionCount: number): Promise<FoldResult[]> {
  const results: FoldResult[] = [];
  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
  await forEachAtOnce(partitions, pool.threads, async (partition) => {
    const pieces = exchange.piecesOf(partition);
    if (pieces.length > 0) results.push(await pool.fold(pieces, partition));
  });
  return results;
}

function noRows(options: ResolvedOptions): PlayfoldError {
  const window = options.sinceUs !== null || options.untilUs !== null ? ' between --since and --until' : '';
  return new PlayfoldError(
    `${options.inputs.join(', ')}: no rows to read${window}; check the path, or allow it with --allow-empty.`,
    EXIT.input,
  );
}
