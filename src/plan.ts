import { planBudget } from './budget.ts';
import type { Database } from './duckdb.ts';
import { HeldBytes } from './exchange/held-bytes.ts';
import { compileKernel } from './kernel/kernel.ts';
import { EVENT_BYTES, EVENT_FROM_BYTES } from './kernel/layout.ts';
import { kernelThresholds } from './kernel/thresholds.ts';
import type { ExecutorSettings } from './pool/executor.ts';
import type { RunCounters } from './progress-counters.ts';
import type { RunInputs } from './run-inputs.ts';
import type { ResolvedOptions } from './run-options.ts';
import { mergeEventNames } from './source/dialects/index.ts';
import { planSlices, type ScanSlice } from './source/slices.ts';
import { createTitles, readVideoColumns } from './source/videos.ts';

/** How a run is to be done. */
export interface RunPlan {
  readonly slices: readonly ScanSlice[];
  readonly rowEstimate: number;
  readonly workers: number;
  readonly partitionCount: number;
  readonly planDatabaseBytes: number;
  readonly mergeDatabaseBytes: number;
  readonly executor: ExecutorSettings;
}

/** What a plan is made of, beside the options. */
interface RunPlaces {
  readonly tempFolder: string;
  readonly quarantineFolder: string | null;
  readonly inputs: RunInputs;
  readonly counters: RunCounters;
}

/**
 * Looks at all inputs, reads the video metadata into the table `titles`, and divides work and memory. Throws a
 * PlayfoldError (input) for what cannot be read or lacks a column.
 */
export async function planRun(
  database: Database,
  options: ResolvedOptions,
  { tempFolder, quarantineFolder, inputs, counters }: RunPlaces,
): Promise<RunPlan> {
  const { config } = options;
  const { files, videos } = inputs;
  await createTitles(
    database,
    videos === null ? null : await readVideoColumns(database, videos, config, tempFolder),
  );
  const keepInvalid = quarantineFolder !== null;
  const slices = await planSlices(database, files, config, { ...options, keepInvalid, tempFolder });
  const rowEstimate = slices.reduce((sum, slice) => sum + slice.rowEstimate, 0);
  const hasFrom = slices.some((slice) => slice.expressions.fromTime !== null);
  const budget = planBudget({ ...options, rowEstimate, hasFrom });
  const partitionBits = options.partitionBits ?? budget.partitionBits;
  const binsPerPartition = options.binsPerPartition ?? budget.binsPerPartition;
  const binBits = partitionBits + Math.log2(binsPerPartition);
  const roundRows = options.roundRows ?? budget.roundRows;
  const executor: ExecutorSettings = {
    module: compileKernel(),
    scan: {
      ...budget,
      tempFolder,
      inputPaths: files.map(({ path }) => path),
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
      quarantineFolder,
    },
    fold: {
      tempFolder,
      binBits,
      binsPerPartition,
      eventStride: hasFrom ? EVENT_FROM_BYTES : EVENT_BYTES,
      withRanges: options.uniqueSeconds,
      thresholds: kernelThresholds(config),
      maxEventsAtOnce: options.maxEventsAtOnce ?? budget.maxEventsAtOnce,
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
