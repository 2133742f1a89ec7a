import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Database } from '../duckdb.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import {
  countRows,
  digestFiles,
  isManifestIntact,
  isQuarantine,
  type Manifest,
  type QuarantineManifest,
  requireManifest,
} from './manifest.ts';
import { MANIFEST } from './target.ts';

/** What is not as it was written: a file, and what about it. */
export interface Difference {
  readonly path: string;
  readonly problem: string;
}

/** What `playfold verify` found in a published folder, a result or a quarantine. */
export interface Verification {
  readonly out: string;
  readonly version: string;
  readonly files: number;
  readonly bytes: number;
  /** Of a quarantine, the rows that it was written with. */
  readonly rows: number;
  /** Null of a quarantine. */
  readonly contentHash: string | null;
  readonly differences: readonly Difference[];
}

/**
 * Compares a published folder with its manifest: the manifest with its own digest, and each file's bytes, SHA-256
 * and rows; nothing else may lie there. One version is looked at, whatever is published meanwhile. Throws a
 * PlayfoldError (input) where there is no readable manifest.
 */
export async function verifyResult(out: string): Promise<Verification> {
  const folder = await realpath(out).catch((error: NodeJS.ErrnoException) => {
    throw new PlayfoldError(`${out}: there is no such folder (${error.code}).`, EXIT.input);
  });
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => '');
  const manifest = parseQuarantine(text) ?? (await requireManifest(folder));
  const differences: Difference[] = [];
  if (!isManifestIntact(text))
    differences.push({
      path: MANIFEST,
      problem: 'its text is not what was written: its digest does not match',
    });
  const listed = manifest.files.filter(isListing);
  if (listed.length < manifest.files.length)
    differences.push({ path: MANIFEST, problem: 'its list of files is damaged' });
  differences.push(...(await compareFiles(folder, listed)));
  for (const path of await findUnlisted(folder, new Set(listed.map((file) => file.path))))
    differences.push({ path, problem: 'is not listed in the manifest' });
  return {
    out,
    version: manifest.version,
    files: listed.length,
    bytes: listed.reduce((sum, file) => sum + file.bytes, 0),
    rows: 'summary' in manifest ? listed.reduce((sum, file) => sum + (file.rows ?? 0), 0) : manifest.invalid,
    contentHash: 'summary' in manifest ? manifest.summary.contentHash : null,
    differences,
  };
}

/** Null for what is no manifest of a quarantine. */
function parseQuarantine(text: string): QuarantineManifest | null {
  try {
    const manifest = JSON.parse(text) as object | null;
    return isQuarantine(manifest) ? manifest : null;
  } catch {
    return null;
  }
}

type Listing = Manifest['files'][number];

/** A damaged manifest may hold anything; a path must stay in the folder. */
function isListing(file: Partial<Listing> | null): boolean {
  return typeof file?.path === 'string' && !file.path.split('/').includes('..') && !file.path.includes('\0');
}

async function compareFiles(folder: string, listed: readonly Listing[]): Promise<Difference[]> {
  const differences: Difference[] = [];
  const whole: Listing[] = [];
  for (const file of listed) {
    const problem = await compareBytes(folder, file);
    if (problem === null) whole.push(file);
    else differences.push({ path: file.path, problem });
  }
  if (whole.length === 0) return differences;
  const database = await Database.open({
    threads: 1,
    memoryBytes: 128e6,
    tempFolder: folder,
    access: { files: [], folders: [folder] },
  });
  try {
    const counts = await countRows(database, folder, whole);
    for (const [i, { path, rows }] of whole.entries())
      if (counts[i] !== rows)
        differences.push({ path, problem: `has ${counts[i]} rows; ${rows} are listed` });
  } finally {
    database.close();
  }
  return differences;
}

async function compareBytes(folder: string, file: Listing): Promise<string | null> {
  const found = await stat(join(folder, file.path)).catch(() => null);
  if (found === null || !found.isFile()) return 'is missing';
  if (found.size !== file.bytes) return `has ${found.size} bytes; ${file.bytes} were written`;
  const [sha256] = await digestFiles(folder, [file]);
  return sha256 === file.sha256 ? null : 'is not what was written: its SHA-256 does not match';
}

/** Files and links that a reader might take for data: hidden ones only where they are Parquet. */
async function findUnlisted(folder: string, listed: ReadonlySet<string>): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => path !== MANIFEST && !listed.has(path))
    .filter((path) => path.endsWith('.parquet') || !path.split('/').some((name) => /^[_.]/.test(name)))
    .sort();
}
