import { createHash } from 'node:crypto';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { type Database, quotePath } from '../duckdb.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import type { RowAccount, RunSummary } from '../summary.ts';
import { MANIFEST } from './publish.ts';
import type { WrittenFile } from './write.ts';

/** One published data file, as the manifest lists it. */
export interface ManifestFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** What `_run.json` holds: how the result beside it came about. */
export interface Manifest {
  readonly version: string;
  /** ISO-8601, UTC. */
  readonly finishedAt: string;
  readonly inputs: readonly string[];
  readonly videos: string | null;
  readonly uniqueSeconds: boolean;
  readonly partitionBy: string;
  readonly config: Config;
  readonly summary: RunSummary;
  readonly files: readonly ManifestFile[];
}

/** What `_run.json` holds in a folder of invalid rows. */
export type QuarantineManifest = Pick<Manifest, 'version' | 'finishedAt' | 'inputs'> &
  Pick<RowAccount, 'read' | 'invalid' | 'invalidByReason'>;

/** How many rows each Parquet file below `folder` has, in the order of `files`. */
export async function countRows(
  database: Database,
  folder: string,
  files: readonly WrittenFile[],
): Promise<number[]> {
  const counts: number[] = [];
  for (const { path } of files) {
    const [row] = await database.rows<{ rows: number }>(
      `SELECT num_rows::DOUBLE AS rows FROM parquet_file_metadata(${quotePath(join(folder, path))})`,
    );
    counts.push(row?.rows ?? 0);
  }
  return counts;
}

/** SHA-256 of each file below `folder`, in hex, in the order of `files`. */
export async function digestFiles(folder: string, files: readonly WrittenFile[]): Promise<string[]> {
  const digests: string[] = [];
  const buffer = Buffer.allocUnsafeSlow(1 << 20);
  for (const { path } of files) digests.push(await digest(join(folder, path), buffer));
  return digests;
}

/** Reads through one buffer: a stream's fresh ones keep the garbage collector busy beside the checks. */
async function digest(path: string, buffer: Buffer): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** Writes the manifest into a staged folder. */
export async function writeManifest(folder: string, manifest: Manifest | QuarantineManifest): Promise<void> {
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The manifest of a published folder; null where there is none. Throws a PlayfoldError (input) where it is broken. */
export async function readManifest(folder: string): Promise<Manifest | null> {
  const path = join(folder, MANIFEST);
  try {
    const manifest = JSON.parse(await readFile(path, 'utf8')) as Partial<Manifest> | null;
    if (manifest?.summary?.events !== undefined && Array.isArray(manifest.files)) return manifest as Manifest;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code !== undefined) throw new PlayfoldError(`${path}: cannot be read (${code}).`, EXIT.input);
  }
  throw new PlayfoldError(
    `${path}: not a manifest of playfold; run playfold again to replace it.`,
    EXIT.input,
  );
}

/** As readManifest, for commands on a result: no manifest is a PlayfoldError (input) too. */
export async function requireManifest(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder);
  if (manifest !== null) return manifest;
  throw new PlayfoldError(
    `${folder}: no ${MANIFEST} there; name a folder that playfold run wrote with --out.`,
    EXIT.input,
  );
}
