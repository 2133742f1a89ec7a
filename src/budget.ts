import { EVENT_BYTES, EVENT_FROM_BYTES, SEEN_BYTES, SEEN_WAYS } from './kernel/layout.ts';

/** How the memory of a run is divided, and how large its work units are. Pure. */
export interface Budget {
  /** Threads that scan and fold; 1 is the main thread. */
  readonly workers: number;
  /** Rows of a scan round: the more, the fewer fragments, and the fewer pieces a partition is read from. */
  readonly roundRows: number;
  /** 2 ^ partitionBits partitions, each the work of one fold. */
  readonly partitionBits: number;
  /** Each in so many bins, a power of two: what a fold has in the cache at a time. */
  readonly binsPerPartition: number;
  /** Lines of 4 ids in each thread's set of ids it has reported. */
  readonly seenUserLines: number;
  readonly seenVideoLines: number;
  /** A partition with more events is folded in several passes. */
  readonly maxEventsAtOnce: number;
  readonly scanDatabaseBytes: number;
  /** The main DuckDB while workers scan and fold, and when it has the memory to itself. */
  readonly planDatabaseBytes: number;
  readonly mergeDatabaseBytes: number;
  /** Batches in memory, of all threads together; what would pass it is spilled. */
  readonly heldLimitBytes: number;
}

export interface BudgetInput {
  readonly memoryBytes: number;
  readonly threads: number;
  readonly rowEstimate: number;
  readonly hasFrom: boolean;
  readonly rowsPerWorker?: number | undefined;
  /** Bytes an event that a fold takes beyond its rows, for further tables. */
  readonly recordBytes?: number;
}

const MIB = 1024 * 1024;
/** Node, DuckDB's library and the kernels before the first row, and what of them is left when the threads have ended. */
const BASE_BYTES = 150 * MIB;
const MERGE_BASE_BYTES = 240 * MIB;
const EVENTS_A_PARTITION = 1_500_000;
/** At most: 600 KB with its sorted copy, which a second-level cache holds. Larger bins fold in twice the time. */
const EVENTS_A_BIN = 16_000;
/** So that threads do not wait for the last of them. */
const PARTITIONS_A_WORKER = 8;
/** Bytes an event takes in a fold: twice the event and its fragment's part, its segment and its range. */
const FOLD_BYTES_AN_EVENT = 90;

const powerOfTwo = (atLeast: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, atLeast)));
const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** The smallest budget that a run can keep. */
export const MIN_MEMORY_BYTES = 256 * MIB;

/** A DuckDB that reads files: JSON alone is read through buffers of 32 MiB. */
const MIN_SCAN_DATABASE_BYTES = 64 * MIB;
/** A worker takes a third of a second to start: with fewer rows each, fewer workers are faster. */
const ROWS_PER_WORKER = 1_000_000;
/** 64 MiB: four million ids. */
const MAX_SEEN_LINES = 2 ** 20;

/** What the main DuckDB has of a run's memory when the threads have ended. */
export function mergeDatabaseBytes(memoryBytes: number): number {
  return Math.floor(Math.max(memoryBytes - MERGE_BASE_BYTES, MIN_MEMORY_BYTES / 3) * 0.75);
}

/** Divides a run's memory. The result of a run does not depend on it. */
export function planBudget(input: BudgetInput): Budget {
  const { memoryBytes, rowEstimate, hasFrom, rowsPerWorker = ROWS_PER_WORKER, recordBytes = 0 } = input;
  const free = Math.max(memoryBytes - BASE_BYTES, MIN_MEMORY_BYTES / 4);
  const byMemory = Math.floor((free * 0.4) / MIN_SCAN_DATABASE_BYTES);
  const workers = clamp(Math.min(byMemory, Math.floor(rowEstimate / rowsPerWorker)), 1, input.threads);
  // Beyond what the sets hold, ids are forgotten and reported again: slower, never wrong.
  const seenLines = (ids: number): number =>
    Math.min(
      MAX_SEEN_LINES,
      clamp(
        powerOfTwo(ids / SEEN_WAYS),
        1024,
        powerOfTwo(free / 32 / workers / (SEEN_WAYS * SEEN_BYTES)) / 2,
      ),
    );
  const foldBytes = (hasFrom ? EVENT_FROM_BYTES / EVENT_BYTES : 1) * FOLD_BYTES_AN_EVENT + recordBytes;
  const maxEventsAtOnce = clamp(Math.floor((free * 0.4) / workers / foldBytes), 200_000, 4_000_000);
  // Twice the average leaves room for users who watch more than others.
  const eventsAPartition = Math.min(EVENTS_A_PARTITION, maxEventsAtOnce / 2);
  const leastPartitions = workers === 1 ? 1 : workers * PARTITIONS_A_WORKER;
  const partitionCount = Math.max(powerOfTwo(rowEstimate / eventsAPartition), powerOfTwo(leastPartitions));
  const partitionBits = clamp(Math.log2(partitionCount), 0, 10);
  return {
    workers,
    roundRows: free >= 1024 * MIB ? 262_144 : 65_536,
    partitionBits,
    binsPerPartition: clamp(powerOfTwo(rowEstimate / EVENTS_A_BIN) / 2 ** partitionBits, 1, 128),
    seenUserLines: seenLines(rowEstimate / 60),
    seenVideoLines: seenLines(rowEstimate / 500),
    maxEventsAtOnce,
    scanDatabaseBytes: Math.max(MIN_SCAN_DATABASE_BYTES, Math.floor((free * 0.4) / workers)),
    planDatabaseBytes: Math.floor(free * 0.1),
    mergeDatabaseBytes: mergeDatabaseBytes(memoryBytes),
    // More would not make a run faster: spilled batches stay in the page cache while it has room.
    heldLimitBytes: Math.floor(Math.min(free * 0.25, 512 * MIB)),
  };
}
