import type { z } from 'zod';
import {
  type Config,
  configSchema,
  parseWith,
  runOptionsSchema,
  type SettingsInput,
} from './config/schema.ts';
import { parseTimeUs } from './config/times.ts';
import { EXIT, PlayfoldError } from './errors.ts';
import { type Gate, parseGate } from './gates/gate.ts';
import { type InvalidLimit, parseInvalidLimit } from './invalid-limit.ts';
import type { PartitionBy } from './sink/partitions.ts';
import type { TableName } from './sink/tables/names.ts';
import { refuseOverlap } from './sink/target-checks.ts';
import type { RowFilter } from './source/row-filter.ts';
import type { Notice, Progress } from './summary.ts';

type RunOptionsInput = z.input<typeof runOptionsSchema>;

/**
 * What `run` takes: the options of `playfold run` that README.md lists, by their names in playfold.yaml, with the
 * keys of SPEC.md in `config`. Neither playfold.yaml nor the environment is read.
 */
export interface RunOptions extends Omit<RunOptionsInput, 'inputs' | 'out' | 'since' | 'until'> {
  /** Files, folders and globs. */
  readonly inputs: readonly string[];
  /** The folder to write; replaced where an earlier run wrote it. */
  readonly out: string;
  /** ISO-8601; without a zone it is UTC. Rows with since <= timestamp < until are read. */
  readonly since?: string | Date | undefined;
  readonly until?: string | Date | undefined;
  /** Stops the run: it then rejects with a StoppedError and leaves nothing behind. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a stage begins and five times a second. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Called for what happens beside the stages: a lock taken over, a slice run again, the result published. */
  readonly onNotice?: ((notice: Notice) => void) | undefined;
}

/** A file is united with the newer ones if it has at most `factor` times the entries of these, or of `least`. */
export interface CarryGrowth {
  readonly factor: number;
  readonly least: number;
}

/** So many values on either side of a median at least; windows where at most this share of the rows changes. */
export interface MedianWindowSizes {
  readonly leastRanks?: number | undefined;
  readonly mostChanged?: number | undefined;
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
  /** Bytes of the arrays that add up retention. */
  readonly retentionBytes?: number | undefined;
  /** What adding up the rows of videos may take at once. */
  readonly videoSumsBytes?: number | undefined;
  /** Users that are joined with their rows at once. */
  readonly usersAtOnce?: number | undefined;
  /** More videos are added up in the order of their hashes. */
  readonly fewVideos?: number | undefined;
  /** What updates keep of the values around medians, and when: update/medians.ts. */
  readonly medianWindows?: MedianWindowSizes | undefined;
  /** When files of carries are united: update/carry-files.ts. */
  readonly carryGrowth?: CarryGrowth | undefined;
  /** Fewer than 64 force two ids onto one hash. */
  readonly idHashBits?: number | undefined;
  /** Another worker's file: tests let it die. */
  readonly workerFile?: string | undefined;
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
  readonly tables: readonly TableName[];
  readonly pruneFolders: boolean;
  readonly allowEmpty: boolean;
  readonly quarantine: string | null;
  readonly maxInvalid: InvalidLimit;
  readonly force: boolean;
  readonly gates: readonly Gate[];
  /** Where only some ids are to be read. */
  readonly only?: RowFilter['only'];
  readonly config: Config;
  readonly idHashBits: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly onNotice: ((notice: Notice) => void) | undefined;
}

/** Settings as `run` takes them: the keys of SPEC.md in `config`, without those of the terminal. */
export function toRunOptions(given: SettingsInput): RunOptions {
  const entriesOf = (shape: object): object =>
    Object.fromEntries(Object.entries(given).filter(([key]) => key in shape));
  const options = { ...entriesOf(runOptionsSchema.shape), config: entriesOf(configSchema.shape) };
  // Without inputs or out it is for resolveOptions to refuse.
  return options as RunOptions;
}

/** Checks what a caller gave and fills in the rest. Throws a PlayfoldError (usage) naming the option. */
export function resolveOptions(options: RunOptions, sizes: WorkSizes = {}): ResolvedOptions {
  const { signal, onProgress, onNotice, ...given } = options;
  const settings = parseWith(
    runOptionsSchema,
    { ...given, since: toIsoText(given.since), until: toIsoText(given.until) },
    'run options',
  );
  const { since, until, videos, memory, partitionBy, out, quarantine, maxInvalid, failOn, ...rest } =
    settings;
  if (settings.inputs.length === 0) throw usage('no input: name at least one file, folder or glob.');
  if (out === undefined) throw usage('no --out: name the folder to write.');
  if (quarantine !== undefined) refuseOverlap(out, quarantine);
  return {
    ...sizes,
    ...rest,
    out,
    videos: videos ?? null,
    quarantine: quarantine ?? null,
    maxInvalid: parseInvalidLimit(maxInvalid),
    sinceUs: since === undefined ? null : parseTimeUs(since),
    untilUs: until === undefined ? null : parseTimeUs(until),
    memoryBytes: memory,
    partitionBy: partitionBy as PartitionBy,
    gates: failOn.map(parseGate),
    idHashBits: sizes.idHashBits ?? 64,
    signal,
    onProgress,
    onNotice,
  };
}

function usage(message: string): PlayfoldError {
  return new PlayfoldError(message, EXIT.usage);
}

function toIsoText(time: string | Date | undefined): string | undefined {
  return time instanceof Date ? time.toISOString() : time;
}
