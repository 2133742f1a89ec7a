import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
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
  for (const { path } of files) digests.push(await digest(join(folder, path)));
  return digests;
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** Writes the manifest into a staged folder. */
export async function writeManifest(folder: string, manifest: object): Promise<void> {
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}
