import { realpathSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database, quoteName, quotePath, quoteText } from '../duckdb.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import { StoppedError } from '../progress-counters.ts';
import { availableCores, availableMemoryBytes } from '../resources.ts';
import { type Manifest, requireManifest } from '../sink/manifest.ts';

/** The tables of a published result, each a view in a database that can read nothing else. */
export interface PublishedTables {
  readonly database: Database;
  readonly manifest: Manifest;
  /** Column names by table, partition columns included. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** A temporary folder of this database's own; what is written there goes when it is closed. */
  readonly tempFolder: string;
}

export interface Access {
  /** Files that a COPY may write. */
  readonly writable?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

const MIN_MEMORY_BYTES = 256e6;

/**
 * Opens the tables of `dir` by the files that its manifest lists, lets `work` use them and closes them. Throws a
 * PlayfoldError (input) where `dir` holds no result, and a StoppedError after `signal`.
 */
export async function withTables<Result>(
  dir: string,
  { writable = [], signal }: Access,
  work: (tables: PublishedTables) => Promise<Result>,
): Promise<Result> {
  const manifest = await requireManifest(dir);
  const tempFolder = await mkdtemp(join(tmpdir(), 'playfold-query-'));
  let database: Database | null = null;
  const stop = (): void => database?.interrupt();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    database = await Database.open({
      threads: availableCores(),
      memoryBytes: Math.max(MIN_MEMORY_BYTES, availableMemoryBytes() / 2),
      tempFolder,
    });
    const columns = await openTables(database, dir, manifest, [tempFolder], writable);
    if (signal?.aborted) throw new StoppedError();
    return await work({ database, manifest, columns, tempFolder });
  } catch (error) {
    throw signal?.aborted ? new StoppedError() : error;
  } finally {
    signal?.removeEventListener('abort', stop);
    database?.close();
    await rm(tempFolder, { recursive: true, force: true });
  }
}

/** Makes a view of each table, lets the database read nothing else, and gives the columns of each. */
async function openTables(
  database: Database,
  dir: string,
  manifest: Manifest,
  readable: readonly string[],
  writable: readonly string[],
): Promise<Map<string, string[]>> {
  await database.run('SET preserve_insertion_order = true');
  const columns = new Map<string, string[]>();
  const folders = [...readable];
  for (const [table, paths] of filesByTable(manifest)) {
    // Links are followed once, so that all files read are those of one run.
    const folder = realFolder(join(dir, table));
    folders.push(folder);
    columns.set(table, await createView(database, table, folder, paths));
  }
  await lockDown(database, folders, writable);
  return columns;
}

/** Data files of each table by their paths below its folder: the first folder of a path is the table's name. */
function filesByTable({ files }: Manifest): Map<string, string[]> {
  const tables = new Map<string, string[]>();
  for (const { path } of files) {
    const [table = '', ...rest] = path.split('/');
    if (/^[_.]/.test(table) || !path.endsWith('.parquet')) continue;
    const paths = tables.get(table) ?? [];
    paths.push(rest.join('/'));
    tables.set(table, paths);
  }
  return tables;
}

function realFolder(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PlayfoldError(
      `${path}: cannot be read (${code}); run playfold again to replace it.`,
      EXIT.input,
    );
  }
}

async function createView(
  database: Database,
  table: string,
  folder: string,
  paths: readonly string[],
): Promise<string[]> {
  const list = paths.map((path) => quotePath(join(folder, path))).join(', ');
  try {
    await database.run(
      `CREATE VIEW ${quoteName(table)} AS SELECT * FROM read_parquet([${list}], hive_partitioning = true)`,
    );
  } catch (error) {
    if (!(error instanceof PlayfoldError)) throw error;
    throw new PlayfoldError(`${error.message} Run playfold again to replace the result.`, EXIT.input);
  }
  const described = await database.rows<{ column_name: string }>(`DESCRIBE ${quoteName(table)}`);
  return described.map((column) => column.column_name);
}

/** From here on the database reads the folders and writes the files given, and nothing loosens that. */
async function lockDown(
  database: Database,
  folders: readonly string[],
  writable: readonly string[],
): Promise<void> {
  const list = (paths: readonly string[]): string => `[${paths.map(quoteText).join(', ')}]`;
  await database.run(`SET allowed_directories = ${list(folders)}`);
  if (writable.length > 0) await database.run(`SET allowed_paths = ${list(writable)}`);
  await database.run('SET enable_external_access = false');
  await database.run('SET lock_configuration = true');
}
