import { createHash, randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { EXIT, PlayfoldError } from './errors.ts';
import type { ResolvedOptions } from './run-options.ts';
import { pathFilter } from './source/date-folders.ts';
import { type InputFile, resolveInputs } from './source/inputs.ts';
import { findVideos } from './source/videos.ts';
import { VERSION } from './version.ts';

/** An input file as it was when the run began. */
export interface InputVersion {
  /** As it was given for what could be read only once: `-`, or the path of a pipe. */
  readonly path: string;
  readonly bytes: number;
  /** Null for what could be read only once. */
  readonly mtimeMs: number | null;
}

/** What a run reads, resolved and looked at once, before anything else. */
export interface RunInputs {
  readonly files: readonly InputFile[];
  readonly videos: InputFile | null;
  readonly versions: readonly InputVersion[];
  readonly videosVersion: InputVersion | null;
  readonly runKey: string;
}

/** Size and time of each file. Throws a PlayfoldError (input) for a file that went away. */
export async function readInputVersions(
  files: readonly Pick<InputFile, 'path' | 'name'>[],
): Promise<InputVersion[]> {
  const versions: InputVersion[] = [];
  for (const { path, name } of files) {
    try {
      const { size, mtimeMs } = await stat(path);
      versions.push({ path: name, bytes: size, mtimeMs: path === name ? mtimeMs : null });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new PlayfoldError(`${path}: cannot be read (${code}); was it just removed?`, EXIT.input);
    }
  }
  return versions;
}

/** Throws a PlayfoldError (input) that names a file which is not what it was when the run began. */
export async function assertUnchanged(versions: readonly InputVersion[]): Promise<void> {
  const files = versions.filter(({ mtimeMs }) => mtimeMs !== null);
  const found = await readInputVersions(files.map(({ path }) => ({ path, name: path })));
  for (const [i, now] of found.entries()) {
    const before = files[i]!;
    if (now.bytes !== before.bytes || now.mtimeMs !== before.mtimeMs)
      throw new PlayfoldError(
        `${now.path}: changed while it was read; nothing was published. Run again when it is complete, or leave it out.`,
        EXIT.input,
      );
  }
}

/**
 * Options that say where, how fast or how loudly, never what comes out. A new option counts unless it stands
 * here. `maxInvalid` counts: a stricter one may refuse the result.
 */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'inputs',
  'videos',
  'out',
  'threads',
  'memoryBytes',
  'allowEmpty',
  'quarantine',
  'force',
  'signal',
  'onProgress',
  'onNotice',
  'partitionBits',
  'roundRows',
  'maxEventsAtOnce',
  'heldLimitBytes',
  'rowsPerWorker',
  'workerFile',
  'binsPerPartition',
  'retentionBytes',
  'videoSumsBytes',
  'fewVideos',
  'usersAtOnce',
  'medianWindows',
] satisfies (keyof ResolvedOptions)[]);

/**
 * SHA-256, in hex, of all that decides a result: input files by path, size and time, options, version. What could be
 * read only once has no time: then no two runs have the same.
 */
export function runKeyOf(
  options: ResolvedOptions,
  inputs: readonly InputVersion[],
  videos: InputVersion | null,
): string {
  const counted = Object.entries(options)
    .filter(([name]) => !WITHOUT_EFFECT.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const isKnown = [...inputs, ...(videos === null ? [] : [videos])].every(({ mtimeMs }) => mtimeMs !== null);
  const once = isKnown ? {} : { once: randomUUID() };
  const text = JSON.stringify({ version: VERSION, inputs, videos, options: counted, ...once }, (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Resolves and looks at everything a run reads. What can be read only once is copied to `tempFolder`. Throws a PlayfoldError (input) for what is not there.
 */
export async function findInputs(options: ResolvedOptions, tempFolder: string): Promise<RunInputs> {
  const { signal } = options;
  const videos = options.videos === null ? null : await findVideos(options.videos, tempFolder, signal);
  const files = await resolveInputs(options.inputs, tempFolder, { isWanted: pathFilter(options), signal });
  const versions = await readInputVersions(files);
  const [videosVersion = null] = videos === null ? [] : await readInputVersions([videos]);
  return { files, videos, versions, videosVersion, runKey: runKeyOf(options, versions, videosVersion) };
}
