import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import bytes from 'bytes';
import { planBudget } from './budget.ts';
import { describeDiskError, estimateNeeds } from './disk-space.ts';
import { Database, MORE_MEMORY } from './duckdb.ts';
import { PlayfoldError } from './errors.ts';
import type { ResolvedOptions } from './run-options.ts';
import { Staging } from './sink/publish.ts';
import { findTarget } from './sink/target.ts';
import type { Notice } from './summary.ts';

/** Tells what happens beside the stages. */
export function noteTo(
  { onNotice }: ResolvedOptions,
  level: Notice['level'],
  message: string,
  fields: Notice['fields'],
): void {
  onNotice?.({ level, stage: null, message, fields });
}

/** An error as it is, unless memory was too small: it then says how much there was, and how much to try. */
export function describeMemoryError(error: unknown, { memoryBytes }: ResolvedOptions): unknown {
  if (!(error instanceof PlayfoldError) || !error.message.endsWith(MORE_MEMORY)) return error;
  const [had, next] = [memoryBytes, 2 * memoryBytes].map((size) => bytes.format(size, { decimalPlaces: 0 }));
  const advice = `The run had --memory ${had}; try --memory ${next}.`;
  return new PlayfoldError(error.message.slice(0, -MORE_MEMORY.length) + advice, error.exitCode);
}

/** Begins a version of the result, and tells of runs that died in the same place. The caller discards it. */
export async function openStaging(options: ResolvedOptions): Promise<Staging> {
  const staging = await Staging.create(options.out).catch(async (error: unknown) => {
    const places = { tempFolder: tmpdir(), folder: dirname(findTarget(options.out).link) };
    throw await describeDiskError(error, estimateNeeds(options, places));
  });
  for (const { pid, host, since } of staging.succeeded)
    noteTo(options, 'warn', 'took over the lock of a run that died', { pid, host, since });
  return staging;
}

/**
 * Opens the database of a run or an update. It may read the files at `paths`, and reach the new version, the temporary
 * folder and `folders`. The caller closes it.
 */
export function openRunDatabase(
  { threads, memoryBytes }: ResolvedOptions,
  { tempFolder, folder }: Staging,
  paths: readonly string[],
  folders: readonly string[] = [],
): Promise<Database> {
  // No worker is there yet: looking at files, of which a CSV file takes 120 MB, has the memory to itself.
  const { mergeDatabaseBytes } = planBudget({ memoryBytes, threads, rowEstimate: 0, hasFrom: false });
  const access = { files: paths, folders: [tempFolder, folder, ...folders] };
  return Database.open({ threads, memoryBytes: mergeDatabaseBytes, tempFolder, access });
}
