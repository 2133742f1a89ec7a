import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planBudget } from './budget.ts';
import { Database } from './duckdb.ts';
import { EXIT, PlayfoldError } from './errors.ts';
import { Exchange } from './exchange/exchange.ts';
import { HeldBytes } from './exchange/held-bytes.ts';
import type { FoldResult } from './fold/fold.ts';
import { checkInvalidLimit } from './invalid-limit.ts';
import { compileKernel } from './kernel/kernel.ts';
import { EVENT_BYTES, EVENT_FROM_BYTES } from './kernel/layout.ts';
import { recordBytesAnEvent } from './kernel/records.ts';
import { kernelThresholds } from './kernel/thresholds.ts';
import type { ExecutorSettings } from './pool/executor.ts';
import { forEachAtOnce, openPool, type Pool } from './pool/pool.ts';
import { StoppedError, throwIfStopped } from './progress-counters.ts';
import { accountForRows } from './row-account.ts';
import type { ResolvedOptions } from './run-options.ts';
import { mergeResult } from './sink/merge.ts';
import { checkTarget, Staging } from './sink/publish.ts';
import { QuarantineFolder } from './sink/quarantine-folder.ts';
import { recordsOf } from './sink/tables/index.ts';
import { pathFilter } from './source/date-folders.ts';
import { mergeEventNames } from './source/dialects/index.ts';
import { resolveInputs } from './source/inputs.ts';
import type { ScanResult } from './source/scan.ts';
import { planSlices, type ScanSlice } from './source/slices.ts';
import { createTitles, readVideoColumns } from './source/videos.ts';
import { Stopwatch } from './stopwatch.ts';
import type { RunSummary } from './summary.ts';

/** The whole flow: plan, scan, exchange, fold, merge, publish. Leaves nothing behind when it throws. */
export async function runPipeline(options: ResolvedOptions): Promise<RunSummary> {
  checkTarget(options.out);
  const stopwatch = new Stopwatch(options.onProgress);
  const { counters } = stopwatch;
  let pool: Pool | null = null;
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
    const plan = await planRun(database, options, tempFolder, quarantine, stopwatch);
    await database.limitMemory(plan.planDatabaseBytes);
    pool = openPool(plan.workers, plan.executor);

    stopwatch.begin('scan', plan.rowEstimate);
    const { eventStride, binsPerPartition } = plan.executor.fold;
    const exchange = new Exchange(eventStride, binsPerPartition);
    const scans = await scanSlices(pool, plan.slices, exchange);
    const account = accountForRows(scans);
    if (account.read === 0 && !options.allowEmpty) throw noRows(options);
    // Before the limit is checked: who passes it wants to see the rows.
    await quarantine?.publish(options.inputs, account);
    checkInvalidLimit(account, options.maxInvalid, options.quarantine);

    stopwatch.begin('fold', account.kept);
    const folds = await foldPartitions(pool, exchange, plan.partitionCount);
    await pool.close();
    pool = null;
    throwIfStopped(counters);
    await database.limitMemory(plan.mergeDatabaseBytes);

    return await mergeResult({
      database,
      options,
      staging,
      scans,
      folds,
      account,
      stopwatch,
      workers: plan.workers,
    });
  } catch (error) {
    throw counters.isStopped ? new StoppedError() : error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
    stopwatch.end();
    await pool?.close();
    database?.close();
    await staging.discard();
    await quarantine?.discard();
    await rm(tempFolder, { recursive: true, force: true });
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

interface RunPlan {
  readonly slices: readonly ScanSlice[];
  readonly rowEstimate: number;
  readonly workers: number;
  readonly partitionCount: number;
  readonly planDatabaseBytes: number;
  readonly mergeDatabaseBytes: number;
  readonly executor: ExecutorSettings;
}

async function planRun(
  database: Database,
  options: ResolvedOptions,
  tempFolder: string,
  quarantine: QuarantineFolder | null,
  { counters }: Stopwatch,
): Promise<RunPlan> {
  const { videos, config } = options;
  const videoColumns = videos === null ? null : await readVideoColumns(database, videos, config, tempFolder);
  await createTitles(database, videoColumns);
  const files = await resolveInputs(options.inputs, tempFolder, pathFilter(options));
  const keepInvalid = quarantine !== null;
  const slices = await planSlices(database, files, config, { ...options, keepInvalid, tempFolder });
  const rowEstimate = slices.reduce((sum, slice) => sum + slice.rowEstimate, 0);
  const hasFrom = slices.some((slice) => slice.expressions.fromTime !== null);
  const records = recordsOf(options.tables);
  const recordBytes = recordBytesAnEvent(records);
  const budget = planBudget({ ...options, rowEstimate, hasFrom, recordBytes });
  const partitionBits = options.partitionBits ?? budget.partitionBits;
  const binsPerPartition = options.binsPerPartition ?? budget.binsPerPartition;
  const binBits = partitionBits + Math.log2(binsPerPartition);
  const roundRows = options.roundRows ?? budget.roundRows;
  const executor: ExecutorSettings = {
    module: compileKernel(),
    scan: {
      ...budget,
      tempFolder,
      binBits,
      binsPerPartition,
      roundRows,
      hasFrom,
      databaseMemoryBytes: budget.scanDatabaseBytes,
      eventNames: mergeEventNames(
        config.eventNames,
        slices.map(({ columns }) => columns.dialect),
      ),
      idHashBits: options.idHashBits,
      quarantineFolder: quarantine?.folder ?? null,
    },
    fold: {
      tempFolder,
      binBits,
      binsPerPartition,
      eventStride: hasFrom ? EVENT_FROM_BYTES : EVENT_BYTES,
      withRanges: options.uniqueSeconds,
      thresholds: kernelThresholds(config),
      maxEventsAtOnce: options.maxEventsAtOnce ?? budget.maxEventsAtOnce,
      records,
    },
    heldLimitBytes: options.heldLimitBytes ?? budget.heldLimitBytes,
    heldCounter: new HeldBytes(0).counter,
    runCounters: counters.memory,
  };
  return {
    slices,
    rowEstimate,
    workers: budget.workers,
    partitionCount: 2 ** partitionBits,
    planDatabaseBytes: budget.planDatabaseBytes,
    mergeDatabaseBytes: budget.mergeDatabaseBytes,
    executor,
  };
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
