import { createHash } from 'node:crypto';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { type Database, quotePath } from '../duckdb.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import type { ScanAccount } from '../row-account.ts';
import type { InputVersion } from '../run-inputs.ts';
import type { RunSummary } from '../summary.ts';
import { unusableMember } from './manifest-shape.ts';
import { MANIFEST } from './target.ts';
import type { WrittenFile } from './write.ts';

/** One published file, as the manifest lists it. */
export interface ManifestFile {
  readonly path: string;
  /** Null where it is not Parquet. */
  readonly rows: number | null;
  readonly bytes: number;
  readonly sha256: string;
}

/** What `_run.json` holds: how the result beside it came about. A digest of its own text stands at its end. */
export interface Manifest {
  readonly version: string;
  /** A manifest is written last: where it is, all that it lists is there too. */
  readonly state: 'complete';
  /** The version's folder, and that of the one it replaced. */
  readonly id: string;
  readonly replaces: string | null;
  /** Equal keys, equal results: see run-inputs.ts. */
  readonly runKey: string;
  /** W3C Trace Context, from the environment. */
  readonly traceparent: string | null;
  /** ISO-8601, UTC. */
  readonly finishedAt: string;
  readonly inputs: readonly string[];
  readonly videos: string | null;
  /** Every file that was read, as it was when the run began. */
  readonly inputFiles: readonly InputVersion[];
  readonly videosFile: InputVersion | null;
  readonly uniqueSeconds: boolean;
  readonly partitionBy: string;
  readonly config: Config;
  readonly summary: RunSummary;
  readonly files: readonly ManifestFile[];
}

/** What `_run.json` of a quarantine holds. */
export interface QuarantineManifest
  extends Pick<ScanAccount, 'read' | 'invalid' | 'invalidByReason'>,
    Pick<
      Manifest,
      'version' | 'state' | 'id' | 'replaces' | 'traceparent' | 'finishedAt' | 'inputs' | 'files'
    > {}

/** How many rows each Parquet file below `folder` has, in the order of `files`; null for other files. */
export async function countRows(
  database: Database,
  folder: string,
  files: readonly Pick<WrittenFile, 'path'>[],
): Promise<(number | null)[]> {
  const counts: (number | null)[] = [];
  for (const { path } of files) {
    if (!path.endsWith('.parquet')) {
      counts.push(null);
      continue;
    }
    const [row] = await database.rows<{ rows: number }>(
      `SELECT num_rows::DOUBLE AS rows FROM parquet_file_metadata(${quotePath(join(folder, path))})`,
    );
    counts.push(row?.rows ?? 0);
  }
  return counts;
}

/**
 * SHA-256 of each file below `folder`, in hex, in the order of `files`. With `flush`, each is flushed to the disk
 * after it was read: publishing then waits for nothing. Rejects with the signal's reason when it fires.
 */
export async function digestFiles(
  folder: string,
  files: readonly Pick<WrittenFile, 'path'>[],
  { flush = false, signal }: { flush?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<string[]> {
  const digests: string[] = [];
  const buffer = Buffer.allocUnsafeSlow(1 << 20);
  for (const { path } of files) digests.push(await digest(join(folder, path), buffer, flush, signal));
  return digests;
}

/** Reads through one buffer: a stream's fresh ones keep the garbage collector busy beside the checks. */
async function digest(
  path: string,
  buffer: Buffer,
  flush: boolean,
  signal: AbortSignal | undefined,
): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
    }
    if (flush) await file.sync();
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const toText = (content: object): string => `${JSON.stringify(content, null, 2)}\n`;

/** Writes the manifest into a staged folder, with the SHA-256 of its text without this last member. */
export async function writeManifest(folder: string, manifest: Manifest | QuarantineManifest): Promise<void> {
  await writeFile(join(folder, MANIFEST), toText({ ...manifest, sha256: digestOf(toText(manifest)) }));
}

/** Whether the text of a manifest is, bit for bit, what was written. */
export function isManifestIntact(text: string): boolean {
  try {
    const { sha256, ...manifest } = JSON.parse(text) as Record<string, unknown>;
    return toText({ ...manifest, sha256 }) === text && digestOf(toText(manifest)) === sha256;
  } catch {
    return false;
  }
}

/** The manifest of a published folder; null where there is none. Throws a PlayfoldError (input) where it is broken. */
export async function readManifest(folder: string): Promise<Manifest | null> {
  const path = join(folder, MANIFEST);
  try {
    const manifest = JSON.parse(await readFile(path, 'utf8')) as Partial<
      Manifest & QuarantineManifest
    > | null;
    if (manifest?.summary?.events !== undefined && Array.isArray(manifest.files)) return manifest as Manifest;
    if (isQuarantine(manifest))
      throw new PlayfoldError(
        `${path}: this folder holds the invalid rows of a run, not its result; name the --out of that run.`,
        EXIT.input,
      );
  } catch (error) {
    if (error instanceof PlayfoldError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code !== undefined) throw new PlayfoldError(`${path}: cannot be read (${code}).`, EXIT.input);
  }
  throw new PlayfoldError(
    `${path}: not a manifest of playfold; run playfold again to replace it.`,
    EXIT.input,
  );
}

/** Whether the content of a `_run.json` is a quarantine's. */
export function isQuarantine(manifest: object | null): manifest is QuarantineManifest {
  return (
    manifest !== null && 'invalidByReason' in manifest && 'files' in manifest && Array.isArray(manifest.files)
  );
}

/** As readManifest, for commands on a result: no manifest, or one that lacks what they need, is an error too. */
export async function requireManifest(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder);
  const unusable = manifest === null ? null : unusableMember(manifest);
  if (unusable !== null)
    throw new PlayfoldError(
      `${join(folder, MANIFEST)}: ${unusable} is missing or of another kind than this playfold writes; run playfold again to replace the result.`,
      EXIT.input,
    );
  if (manifest !== null) return manifest;
  throw new PlayfoldError(
    `${folder}: no ${MANIFEST} there; name a folder that playfold run wrote with --out.`,
    EXIT.input,
  );
}

/** The manifest of a published folder where it has this run key and every file is there in its size, else null. */
export async function findSameRun(folder: string | null, runKey: string): Promise<Manifest | null> {
  const manifest = folder === null ? null : await readManifest(folder).catch(() => null);
  if (folder === null || manifest === null || manifest.runKey !== runKey) return null;
  for (const { path, bytes } of manifest.files) {
    const found = await stat(join(folder, path)).catch(() => null);
    if (found?.size !== bytes) return null;
  }
  return manifest;
}

/** The W3C Trace Context of the process that started this one; null where there is none or it is malformed. */
export function traceparentOf(env: NodeJS.ProcessEnv): string | null {
  const { TRACEPARENT: text = '' } = env;
  return /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(text) ? text : null;
}
