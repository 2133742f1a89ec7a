import { createRequire } from 'node:module';
import type { DuckDBConnection, DuckDBInstance, DuckDBValue, Json } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { forEachAtOnce } from './at-once.ts';
import { DiskFullError, EXIT, PlayfoldError } from './errors.ts';
import { quotePath, quoteText } from './sql-text.ts';

// The schema of the configuration needs these, and the command line must not wait for DuckDB to load.
export { quoteName, quotePath, quoteText } from './sql-text.ts';
export type { Json };

/** Required, not imported: to find what a hundred CommonJS files export, Node reads them all a first time. */
const api = createRequire(import.meta.url)('@duckdb/node-api') as typeof import('@duckdb/node-api');

export interface DuckDBLimits {
  readonly threads: number;
  readonly memoryBytes: number;
  /** Where DuckDB puts what does not fit; removed by whoever made it. */
  readonly tempFolder: string;
  /** Locks DuckDB to these paths; without it, DuckDB may reach what the process may. */
  readonly access?: { readonly files: readonly string[]; readonly folders: readonly string[] };
}

/** An in-memory DuckDB and its connection. A connection runs one query at a time. */
export class Database {
  readonly connection: DuckDBConnection;
  private readonly instance: DuckDBInstance;
  /** Connections of runAtOnce. They see no temporary tables but their own. */
  private readonly others: DuckDBConnection[] = [];
  private readonly threads: number;
  private isStopped = false;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, threads: number) {
    this.instance = instance;
    this.connection = connection;
    this.threads = threads;
  }

  static async open(limits: DuckDBLimits): Promise<Database> {
    const instance = await api.DuckDBInstance.create(':memory:', {
      threads: String(limits.threads),
      memory_limit: toLimit(limits.memoryBytes),
      temp_directory: limits.tempFolder,
      max_temp_directory_size: '1TB',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      preserve_insertion_order: 'false',
    });
    const connection = await instance.connect();
    await connection.run(`SET GLOBAL TimeZone = 'UTC'`);
    const database = new Database(instance, connection, limits.threads);
    if (limits.access !== undefined) await database.restrict(limits.access);
    return database;
  }

  /** Whatever SQL a value might smuggle in, it reaches no other file. A path may come as itself or as a glob. */
  private async restrict({ files, folders }: NonNullable<DuckDBLimits['access']>): Promise<void> {
    const list = (paths: readonly string[]): string =>
      `[${[...new Set(paths.flatMap((path) => [quoteText(path), quotePath(path)]))].join(', ')}]`;
    await this.run(`SET allowed_paths = ${list(files)}`);
    await this.run(`SET allowed_directories = ${list(folders)}`);
    await this.run('SET enable_external_access = false');
  }

  /** Ends all changes of settings, those of limits too. */
  async lockConfiguration(): Promise<void> {
    await this.run('SET lock_configuration = true');
  }

  /** Runs one statement for its effect. Throws a PlayfoldError for what a person can mend. */
  async run(sql: string): Promise<void> {
    this.throwIfStopped();
    try {
      await this.connection.run(sql);
    } catch (error) {
      throw translateError(error);
    }
  }

  /**
   * Runs statements for their effect, `count` at once. They must not need each other, nor temporary tables. DuckDB divides
   * one by row groups: of those that have but one, each gets a thread of its own (`areDivisible` false, before the
   * configuration is locked). Throws as run, when all have ended.
   */
  async runAtOnce(statements: readonly string[], count: number, areDivisible = true): Promise<void> {
    while (this.others.length < Math.min(count, statements.length) - 1)
      this.others.push(await this.instance.connect());
    const free = [this.connection, ...this.others];
    // The thread that waits for a statement whose work DuckDB's own threads do burns a core meanwhile.
    const isThreadEach = !areDivisible && free.length >= this.threads;
    if (isThreadEach) await this.run('SET threads = 1');
    await forEachAtOnce(statements, count, async (sql) => {
      this.throwIfStopped();
      const connection = free.pop()!;
      await connection.run(sql).catch((error: unknown) => Promise.reject(translateError(error)));
      free.push(connection);
    });
    if (isThreadEach) await this.run(`SET threads = ${this.threads}`);
  }

  /** Rows as plain objects: integers wider than 53 bits, decimals and timestamps arrive as text. */
  async rows<Row extends Record<string, Json>>(sql: string): Promise<Row[]> {
    this.throwIfStopped();
    try {
      return (await (await this.connection.run(sql)).getRowObjectsJson()) as Row[];
    } catch (error) {
      throw translateError(error);
    }
  }

  /** The columns of a result, for one too large to be objects. */
  async columns(sql: string): Promise<(readonly DuckDBValue[])[]> {
    this.throwIfStopped();
    try {
      return await (await this.connection.stream(sql)).getColumns();
    } catch (error) {
      throw translateError(error);
    }
  }

  /** Changes the memory limit between queries. */
  async limitMemory(memoryBytes: number): Promise<void> {
    await this.run(`SET memory_limit = '${toLimit(memoryBytes)}'`);
  }

  /** The low-level API has no typed wrapper that leaves vectors uncopied, hence its own handles. */
  registerScalarFunction(scalarFunction: duckdb.ScalarFunction): void {
    duckdb.register_scalar_function(this.handle, scalarFunction);
  }

  registerTableFunction(tableFunction: duckdb.TableFunction): void {
    duckdb.register_table_function(this.handle, tableFunction);
  }

  private get handle(): duckdb.Connection {
    return (this.connection as unknown as { readonly connection: duckdb.Connection }).connection;
  }

  /** Ends the query under way, which then fails, and refuses all that would follow. */
  interrupt(): void {
    this.isStopped = true;
    for (const connection of [this.connection, ...this.others]) connection.interrupt();
  }

  private throwIfStopped(): void {
    if (this.isStopped) throw new Error('the database was interrupted');
  }

  close(): void {
    for (const connection of [...this.others, this.connection]) connection.closeSync();
    this.instance.closeSync();
  }
}

const toLimit = (memoryBytes: number): string => `${Math.ceil(memoryBytes / 1e6)}MB`;

/** How the message about memory that was too small ends. */
export const MORE_MEMORY = 'Give more with --memory.';

const DISK = /No space left on device|max_temp_directory_size|failed to offload data|Disk quota exceeded/;
const INPUT =
  /^(IO|Invalid|Invalid Input|Conversion|Serialization|Out of Range) Error|TProtocolException|No magic bytes|Malformed JSON|CSV Error|corrupt/i;

/** What DuckDB says, as one line and without the SQL, which is not the user's. */
function describeError(message: string): string {
  const lines = message.split('\n').map((line) => line.trim());
  const sql = lines.findIndex((line) =>
    /^(LINE \d+:|Possible fixes|Possible solutions|Stack Trace|This error signals)/.test(line),
  );
  const said = (sql === -1 ? lines : lines.slice(0, sql)).filter((line) => line !== '');
  return said
    .slice(0, 3)
    .join(' ')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ');
}

/** Gives DuckDB's messages an exit code where they speak of the user's disk, memory or data. */
export function translateError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof PlayfoldError) return error;
  const said = describeError(error.message);
  if (DISK.test(error.message))
    return new DiskFullError(
      `The disk is full: ${said} Free space, or set TMPDIR to a larger disk.`,
      /"(\/[^"]*)"/.exec(said)?.[1] ?? null,
    );
  if (/^Out of Memory Error/.test(error.message))
    return new PlayfoldError(`Out of memory: ${said} ${MORE_MEMORY}`, EXIT.disk);
  if (INPUT.test(said)) return new PlayfoldError(said, EXIT.input);
  return error;
}

/**
 * As translateError, for a query that reads input: damaged data raises errors of many kinds in DuckDB, its internal
 * ones among them. Whatever is not to blame on the query itself is an error of the input.
 */
export function translateReadError(error: unknown): unknown {
  const translated = translateError(error);
  if (!(translated instanceof Error) || translated instanceof PlayfoldError) return translated;
  if (/^(Binder|Parser|Catalog|Not implemented|Interrupt) /i.test(translated.message)) return translated;
  return new PlayfoldError(describeError(translated.message), EXIT.input);
}
