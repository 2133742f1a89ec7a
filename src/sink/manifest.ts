import { createHash } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Database, quotePath } from '../duckdb.ts';
import { MANIFEST } from './publish.ts';
import type { WrittenFile } from './write.ts';

/** One published data file, as the manifest lists it. */
export interface ManifestFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

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
export async function writeManifest(folder: string, manifest: object): Promise<void> {
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}
