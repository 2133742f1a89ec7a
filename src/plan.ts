import { planBudget } from './budget.ts';
import type { Database } from './duckdb.ts';
import { HeldBytes } from './exchange/held-bytes.ts';
import { compileKernel } from './kernel/kernel.ts';
import { EVENT_BYTES, EVENT_FROM_BYTES } from './kernel/layout.ts';
import { recordBytesAnEvent } from './kernel/records.ts';
import { kernelThresholds } from './kernel/thresholds.ts';
import type { ExecutorSettings } from './pool/executor.ts';
import type { RunCounters } from './progress-counters.ts';
import type { ResolvedOptions } from './run-options.ts';
import { recordsOf } from './sink/tables/index.ts';
import { mergeEventNames } from './source/dialects/index.ts';
import type { InputFile } from './source/inputs.ts';
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

/** Where the work of a run leaves what it finds. */
export interface RunPlaces {
  readonly tempFolder: string;
  readonly quarantineFolder: string | null;
  readonly counters: RunCounters;
}

/** Reads the video metadata, if any, into the table titles. Throws a PlayfoldError (input) for what is wrong there. */
export async function readTitles(
  database: Database,
  { config }: ResolvedOptions,
  videos: InputFile | null,
  tempFolder: string,
): Promise<void> {
  await createTitles(
    database,
    videos === null ? null : await readVideoColumns(database, videos, config, tempFolder),
  );
}

/** Divides the files into work and the memory among it. Invalid rows are kept in `quarantineFolder`, if any. */
export async function planRun(
  database: Database,
  files: readonly InputFile[],
  options: ResolvedOptions,
  { tempFolder, quarantineFolder, counters }: RunPlaces,
): Promise<RunPlan> {
  const { config } = options;
  const keepInvalid = quarantineFolder !== null;
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
