import bytes from 'bytes';
import { MIN_MEMORY_BYTES } from './budget.ts';
import { EXIT, PlayfoldError } from './errors.ts';
import { type Config, type ConfigInput, parseConfig } from './options.ts';
import { availableCores, availableMemoryBytes } from './resources.ts';
import { type PartitionBy, parsePartitionBy } from './sink/partitions.ts';
import type { Progress } from './summary.ts';

/** What `run` takes: the options of `playfold run`, by the same names. */
export interface RunOptions {
  /** Files, folders and globs. */
  readonly inputs: readonly string[];
  /** The folder to write; replaced where an earlier run wrote it. */
  readonly out: string;
  /** Video metadata: videoId, duration in seconds, title. */
  readonly videos?: string | undefined;
  /** ISO-8601; without a zone it is UTC. Rows with since <= timestamp < until are read. */
  readonly since?: string | Date | undefined;
  readonly until?: string | Date | undefined;
  /** Default: the cores this process may use. */
  readonly threads?: number | undefined;
  /** Bytes, or text such as 2GB. Default: a quarter of the memory available. */
  readonly memory?: number | string | undefined;
  /** month (default), day, none, or bucket:N. */
  readonly partitionBy?: string | undefined;
  /** False leaves out unique seconds and watched ranges. */
  readonly uniqueSeconds?: boolean | undefined;
  readonly allowEmpty?: boolean | undefined;
  readonly config?: ConfigInput | undefined;
  /** Stops the run: it then rejects with a StoppedError and leaves nothing behind. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a stage begins and five times a second. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Work sizes that do not change the result: tests vary them to show that. */
export interface WorkSizes {
  readonly partitionBits?: number | undefined;
  readonly binsPerPartition?: number | undefined;
  readonly roundRows?: number | undefined;
  readonly maxEventsAtOnce?: number | undefined;
  readonly heldLimitBytes?: number | undefined;
  /** Rows below which another worker is not worth its start. */
  readonly rowsPerWorker?: number | undefined;
  /** Fewer than 64 force two ids onto one hash. */
  readonly idHashBits?: number | undefined;
}

/** Options with every default filled in and every value checked. */
export interface ResolvedOptions extends WorkSizes {
  readonly inputs: readonly string[];
  readonly out: string;
  readonly videos: string | null;
  readonly sinceUs: bigint | null;
  readonly untilUs: bigint | null;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly partitionBy: PartitionBy;
  readonly uniqueSeconds: boolean;
  readonly allowEmpty: boolean;
  readonly config: Config;
  readonly idHashBits: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

const MAX_THREADS = 256;

/** Checks what a user gave and fills in the rest. Throws a PlayfoldError (usage) naming the option. */
export function resolveOptions(options: RunOptions, sizes: WorkSizes = {}): ResolvedOptions {
  if (options.inputs.length === 0) throw usage('no input: name at least one file, folder or glob.');
  if (options.out === '') throw usage('--out: name the folder to write.');
  const sinceUs = parseTime('--since', options.since);
  const untilUs = parseTime('--until', options.until);
  if (sinceUs !== null && untilUs !== null && sinceUs >= untilUs)
    throw usage('--until must be later than --since: rows with since <= timestamp < until are read.');
  return {
    ...sizes,
    inputs: options.inputs,
    out: options.out,
    videos: options.videos ?? null,
    sinceUs,
    untilUs,
    threads: parseThreads(options.threads),
    memoryBytes: parseMemory(options.memory),
    partitionBy: parsePartitionBy(options.partitionBy ?? 'month'),
    uniqueSeconds: options.uniqueSeconds ?? true,
    allowEmpty: options.allowEmpty ?? false,
    config: parseConfig(options.config, 'configuration'),
    idHashBits: sizes.idHashBits ?? 64,
    signal: options.signal,
    onProgress: options.onProgress,
  };
}

function usage(message: string): PlayfoldError {
  return new PlayfoldError(message, EXIT.usage);
}

function parseThreads(threads: number | undefined): number {
  if (threads === undefined) return availableCores();
  if (Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS) return threads;
  throw usage(`--threads ${threads}: expected a whole number from 1 to ${MAX_THREADS}.`);
}

function parseMemory(memory: number | string | undefined): number {
  if (memory === undefined) return Math.max(MIN_MEMORY_BYTES, Math.floor(availableMemoryBytes() / 4));
  const byteLength = typeof memory === 'number' ? memory : bytes.parse(memory);
  if (byteLength === null || !Number.isFinite(byteLength))
    throw usage(`--memory ${memory}: expected a size such as 512MB or 4GB.`);
  if (byteLength < MIN_MEMORY_BYTES)
    throw usage(`--memory ${memory}: too small; a run needs at least ${bytes.format(MIN_MEMORY_BYTES)}.`);
  return byteLength;
}

/** Microseconds since 1970-01-01 UTC; text without a zone is UTC. */
function parseTime(option: string, time: string | Date | undefined): bigint | null {
  if (time === undefined) return null;
  const text = typeof time === 'string' ? time.trim() : time.toISOString();
  const hasZone = /([zZ]|[+-]\d{2}:?\d{2})$/.test(text);
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isTime = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?([zZ]|[+-]\d{2}:?\d{2})?$/.test(text);
  const ms = isDate || isTime ? Date.parse(isDate || hasZone ? text : `${text}Z`) : Number.NaN;
  if (Number.isNaN(ms))
    throw usage(`${option} ${text}: expected a date or time such as 2026-01-31 or 2026-01-31T12:00:00Z.`);
  return BigInt(ms) * 1000n;
}
