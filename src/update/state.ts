import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import type { InputVersion } from '../run-inputs.ts';
import type { ResolvedOptions } from '../run-options.ts';
import type { ExpectedTotals } from '../sink/checks.ts';
import type { RowSums } from '../sink/row-sums.ts';
import { VERSION } from '../version.ts';
import type { Interval } from './windows.ts';

/** The folder of the state in a published one: readers of tables pass over names that start with `_`. */
export const STATE_FOLDER = '_state';
const STATE_FILE = 'state.json';
/** To be raised by whatever gives other rows from the same events, or reads another state. */
export const STATE_FORMAT = 4;

/** An input file that was read, as it was then, and which of its events. */
export interface SeenInput extends InputVersion {
  readonly read: readonly Interval[];
}

/** Where the open fragments of a partition lie in their file: fragments, then events. */
export interface OpenPlace {
  readonly partition: number;
  readonly at: number;
  readonly fragmentCount: number;
  readonly eventCount: number;
}

/** A file of carries (fold/carry-table.ts), and where the table of each partition begins. */
export interface CarryFile {
  readonly file: string;
  readonly count: number;
  readonly places: readonly { readonly partition: number; readonly at: number; readonly count: number }[];
}

/** Options that decide what a row holds: they are the same for all calls on a folder. */
export interface StateSettings {
  readonly config: Config;
  readonly uniqueSeconds: boolean;
  readonly partitionBy: string;
  readonly idHashBits: number;
}

/** What an update knows of all events before it. Names of files are those in the state's folder. */
export interface State {
  readonly format: number;
  /** Of playfold, for people. */
  readonly version: string;
  readonly settings: StateSettings;
  readonly partitionBits: number;
  /** Dialects of all inputs so far: their event names are understood in each of them. */
  readonly dialects: readonly string[];
  /** The latest event so far. */
  readonly watermarkUs: bigint | null;
  /** Events before it are in `rows`; those from it on in `open`; what they may go on from in `open` and `carries`. */
  readonly horizonUs: bigint;
  readonly inputs: readonly SeenInput[];
  /** Parquet: folded rows. A pair stands in one file of `whole` at most, and in any of `added`: they add up. */
  readonly rows: { readonly whole: readonly string[]; readonly added: readonly string[] };
  /** Events of these rows. */
  readonly closed: Pick<ExpectedTotals, 'eventCount' | 'duplicateCount'>;
  /** Parquet: hash and id of each user, in one of the files. */
  readonly users: { readonly files: readonly string[]; readonly count: number };
  /** Parquet: hash, id, title and duration of each video, as published, and the furthest end of a segment in `rows`. */
  readonly videos: string;
  /** Parquet: the pairs that have events from the horizon on, and the first of these. */
  readonly openPairs: string;
  readonly open: { readonly file: string; readonly places: readonly OpenPlace[] };
  /** What sessions left behind that are silent for longer than their timeout: oldest file first, the newest word stands. */
  readonly carries: readonly CarryFile[];
  /** Rows of the result that began before it are in one file a month: see placeSql. */
  readonly dayFilesFromUs: bigint;
  /** The published files of each place of the result, by paths in the published folder. */
  readonly places: Readonly<Record<string, readonly string[]>>;
  /** What the rows of each of these files add up to, as read back by the call that wrote it. */
  readonly sums: Readonly<Record<string, RowSums>>;
  /** Parquet: what the rows of each video add up to; null where the table videos is not written. */
  readonly videoSums: string | null;
  /** Parquet: the values around the medians of each video (median-windows.ts); null where none are kept. */
  readonly medianWindows: string | null;
  /** Parquet: the values of watchPercentage and how often each comes. */
  readonly percentages: string;
  readonly totals: ExpectedTotals;
}

/** The paths of a state's files of rows in a published folder. */
export function rowPathsOf(folder: string, { rows }: Pick<State, 'rows'>): string[] {
  return [...rows.whole, ...rows.added].map((file) => join(folder, STATE_FOLDER, file));
}

export function settingsOf(options: ResolvedOptions): StateSettings {
  const { config, uniqueSeconds, partitionBy, idHashBits } = options;
  return { config, uniqueSeconds, partitionBy, idHashBits };
}

/**
 * The state in a published folder; null where nothing is published. Throws a PlayfoldError (usage) for a result
 * without state and for one that other settings or another format made.
 */
export async function readState(folder: string | null, options: ResolvedOptions): Promise<State | null> {
  if (folder === null) return null;
  const path = join(folder, STATE_FOLDER, STATE_FILE);
  if (!existsSync(path))
    throw usage(
      `--out ${options.out}: this result holds no state to add to, because playfold run wrote it; ` +
        'name another folder, or remove this one and let update read all inputs.',
    );
  const state = parseState(await readFile(path, 'utf8'), path);
  const difference = describeDifference(state, options);
  if (difference !== null)
    throw usage(
      `--out ${options.out}: ${difference}, so new events cannot be added to this result; fold all of them again ` +
        'with playfold run, or with playfold update into a new folder.',
    );
  return state;
}

/**
 * The dialects of all inputs, those of now included. Throws a PlayfoldError (usage) for a new one: its event names
 * would be understood in the inputs before, too.
 */
export function uniteDialects(state: State | null, now: readonly string[], out: string): readonly string[] {
  // Without a dialect no row was ever read: inputs before were empty.
  if (state === null || state.dialects.length === 0) return now;
  const added = now.filter((dialect) => !state.dialects.includes(dialect));
  if (added.length === 0) return state.dialects;
  throw usage(
    `--out ${out}: no input before was of the dialect ${added.join(', ')}, whose event names may change what was ` +
      'read of them; fold all of them again with playfold run, or with playfold update into a new folder.',
  );
}

/** Writes the state into its folder of a staged result. */
export async function writeState(folder: string, state: State): Promise<void> {
  const text = JSON.stringify(state, (_, value) => (typeof value === 'bigint' ? `${value}us` : value), 1);
  await writeFile(join(folder, STATE_FOLDER, STATE_FILE), `${text}\n`);
}

function parseState(text: string, path: string): State {
  try {
    return JSON.parse(text, (_, value) =>
      typeof value === 'string' && /^-?\d+us$/.test(value) ? BigInt(value.slice(0, -2)) : value,
    ) as State;
  } catch {
    throw usage(`${path}: not a state of playfold; remove the result and update into a new folder.`);
  }
}

function describeDifference(state: State, options: ResolvedOptions): string | null {
  if (state.format !== STATE_FORMAT)
    return `playfold ${state.version} wrote its state in another format than ${VERSION}`;
  const before = flatten(state.settings);
  const now = flatten(settingsOf(options));
  for (const key of new Set([...before.keys(), ...now.keys()])) {
    if (before.get(key) !== now.get(key)) return `${key} was ${before.get(key)} and is now ${now.get(key)}`;
  }
  return null;
}

/** Each value by its path: engagement.formula. */
function flatten(value: object, path = ''): Map<string, string> {
  const entries = Object.entries(value).flatMap(([key, inner]): [string, string][] => {
    const at = path === '' && key === 'config' ? '' : path === '' ? key : `${path}.${key}`;
    if (inner !== null && typeof inner === 'object' && !Array.isArray(inner)) return [...flatten(inner, at)];
    return [[at, JSON.stringify(inner)]];
  });
  return new Map(entries);
}

function usage(message: string): PlayfoldError {
  return new PlayfoldError(message, EXIT.usage);
}
