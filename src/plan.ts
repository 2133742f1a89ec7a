import { planBudget } from './budget.ts';
import type { Database } from './duckdb.ts';
import { HeldBytes } from './exchange/held-bytes.ts';
import { compileKernel } from './kernel/kernel.ts';
import { EVENT_BYTES, EVENT_FROM_BYTES } from './kernel/layout.ts';
import { recordBytesAnEvent } from './kernel/records.ts';
import { kernelThresholds } from './kernel/thresholds.ts';
import type { VideoArrays } from './kernel/video-buckets.ts';
import type { ExecutorSettings } from './pool/executor.ts';
import { type RunCounters, stopCheckOf } from './progress-counters.ts';
import type { ResolvedOptions } from './run-options.ts';
import { recordsOf } from './sink/tables/index.ts';
import { mergeEventNames } from './source/dialects/index.ts';
import type { InputFile } from './source/inputs.ts';
import { planSlices, type ScanSlice } from './source/slices.ts';
import { createTitles, readKnownVideos, readVideoColumns } from './source/videos.ts';

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
  { config, signal }: ResolvedOptions,
  videos: InputFile | null,
  tempFolder: string,
): Promise<void> {
  await createTitles(
    database,
    videos === null
      ? null
      : await readVideoColumns(database, videos, config, tempFolder, stopCheckOf(signal)),
  );
}

/** Divides the files into work and the memory among it. Invalid rows are kept in `quarantineFolder`, if any. */
export async function planRun(
  database: Database,
  files: readonly InputFile[],
  options: ResolvedOptions,
  places: RunPlaces,
): Promise<RunPlan> {
  const keepInvalid = places.quarantineFolder !== null;
  const { tempFolder } = places;
  const slices = await planSlices(database, files, options.config, { ...options, keepInvalid, tempFolder });
  const inputPaths = files.map(({ path }) => path);
  const isDividing = recordsOf(options.tables).includes('bucketViews');
  const videos = isDividing ? await readKnownVideos(database, options.idHashBits) : null;
  return planWork(slices, inputPaths, options, places, { videos });
}

/** What an update plans in another way than a run. */
export interface WorkTraits {
  /** For a result that later events are added to: events keep their fromTime place, and their earliest and latest time are told. */
  readonly isUpdate?: boolean;
  readonly leastPartitionBits?: number;
  /** Dialects whose event names are understood; default: those of the slices. */
  readonly dialects?: readonly string[];
  /** See FoldSettings. */
  readonly videos?: VideoArrays | null;
}

/** Divides memory and threads for the work. `inputPaths` are all that a scan may read, beside the temporary folder. */
export function planWork(
  slices: readonly ScanSlice[],
  inputPaths: readonly string[],
  options: ResolvedOptions,
  { tempFolder, quarantineFolder, counters }: RunPlaces,
  { isUpdate = false, leastPartitionBits = 0, dialects = dialectsOf(slices), videos = null }: WorkTraits = {},
): RunPlan {
  const { config } = options;
  const rowEstimate = slices.reduce((sum, slice) => sum + slice.rowEstimate, 0);
  const hasFrom = isUpdate || slices.some((slice) => slice.expressions.fromTime !== null);
  const records = recordsOf(options.tables);
  const recordBytes = recordBytesAnEvent(records);
  const budget = planBudget({ ...options, rowEstimate, hasFrom, recordBytes });
  const partitionBits = options.partitionBits ?? Math.max(budget.partitionBits, leastPartitionBits);
  // An update folds a partition as one bin: its pieces come of many calls, cut in other ways.
  const binsPerPartition = isUpdate ? 1 : (options.binsPerPartition ?? budget.binsPerPartition);
  const binBits = partitionBits + Math.log2(binsPerPartition);
  const roundRows = options.roundRows ?? budget.roundRows;
  const executor: ExecutorSettings = {
    module: compileKernel(),
    scan: {
      ...budget,
      tempFolder,
      inputPaths,
      binBits,
      binsPerPartition,
      roundRows,
      hasFrom,
      findsSpan: isUpdate,
      databaseMemoryBytes: budget.scanDatabaseBytes,
      eventNames: mergeEventNames(config.eventNames, dialects),
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
      videos,
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

/** The dialects of some slices, each once. */
export function dialectsOf(slices: readonly ScanSlice[]): string[] {
  return [...new Set(slices.map(({ columns }) => columns.dialect))].sort();
}
