import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { Database, quotePath } from '../src/duckdb.ts';
import type { RunSummary } from '../src/summary.ts';

export const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line; a file may be its standard input. */
export function playfold(
  args: readonly string[],
  options: { cwd?: string; env?: object; inputPath?: string } = {},
): CliResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    encoding: 'utf8',
    ...(options.inputPath === undefined ? {} : { input: readFileSync(options.inputPath) }),
    maxBuffer: 1 << 28,
  });
  return { code: status, stdout, stderr };
}

/** Runs `playfold run ... --json` and gives its summary; throws with stderr when it fails. */
export function runJson(...args: readonly string[]): RunSummary {
  const { code, stdout, stderr } = playfold(['run', '--json', '--quiet', ...args]);
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout) as RunSummary;
}

/** A folder for this test file, removed after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'playfold-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a text file, with its folders, and gives its path. */
export function writeText(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

export async function withDatabase<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
  const database = await Database.open({ threads: 1, memoryBytes: 512e6, tempFolder: tmpdir() });
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

/** All rows of a result, in the order of (userId, videoId); 64-bit counts as numbers. */
export function readResult(out: string): Promise<Record<string, unknown>[]> {
  return readTable(out, 'engagement', 'userId, videoId');
}

/** All rows of a table in an order; 64-bit counts as numbers, timestamps as microseconds. */
export function readTable(out: string, table: string, order: string): Promise<Record<string, unknown>[]> {
  const source = `read_parquet(${quotePath(join(out, table), '/**/*.parquet')}, hive_partitioning = false)`;
  return withDatabase(async (database) => {
    const columns = await database.rows<{ column_name: string; column_type: string }>(
      `DESCRIBE SELECT * FROM ${source}`,
    );
    const list = columns.map(({ column_name: name, column_type: type }) =>
      type === 'BIGINT'
        ? `"${name}"::DOUBLE AS "${name}"`
        : type.startsWith('TIMESTAMP')
          ? `epoch_us("${name}")::VARCHAR AS "${name}"`
          : `"${name}"`,
    );
    return database.rows(`SELECT ${list.join(', ')} FROM ${source} ORDER BY ${order}`);
  });
}
