import type { Argv } from 'yargs';
import { addFlags, type Flags, settingsOf } from '../config/flags.ts';
import type { OptionGroup } from '../config/schema.ts';
import type { Settings } from '../config/settings.ts';
import type { RunOptions } from '../run-options.ts';
import type { RunSummary } from '../summary.ts';
import { listenForStop } from './stop-signals.ts';

/** The positional argument of commands that read events. */
export const INPUTS = {
  type: 'string',
  array: true,
  defaultDescription: 'inputs of playfold.yaml',
  describe: 'Files, folders or globs of Parquet, JSON, CSV or TSV; - is standard input',
} as const;

/** The flags of a command that folds events into a result; `own` are groups of its own. */
export function addFoldFlags(yargs: Argv, own: readonly OptionGroup[] = []): Argv<Flags> {
  const groups = ['resources', 'terminal', 'events', 'rules', 'engagement'] as const;
  return addFlags(yargs.positional('inputs', INPUTS), ['input', 'result', ...own, ...groups]);
}

/** How a fold is stopped and what it tells. */
export type FoldHooks = Pick<RunOptions, 'signal' | 'onProgress' | 'onNotice'>;

const loadFold = <Fold>(load: () => Promise<Fold>) =>
  Promise.all([import('../progress-counters.ts'), import('../terminal/run-output.ts'), load()]);

/** Folds as the flags say, shows progress and the summary, and stops at a signal. `load` brings the fold. */
export async function handleFold(
  args: Flags,
  load: () => Promise<(settings: Settings, hooks: FoldHooks) => Promise<RunSummary>>,
): Promise<void> {
  // Loaded here, because DuckDB and Arrow take a quarter of a second that --help need not wait for; and before the
  // settings are read, for files are fetched beside that.
  const isFold = args['print-config'] !== true;
  const loading = isFold ? loadFold(load) : null;
  loading?.catch(() => undefined);
  const settings = await settingsOf(args);
  if (settings === null || loading === null) return;
  const stop = listenForStop();
  const [{ StoppedError }, { openRunOutput }, fold] = await loading;
  const output = openRunOutput(settings.values);
  try {
    const { onProgress, onNotice } = output;
    output.finish(await fold(settings, { signal: stop.signal, onProgress, onNotice }));
  } catch (error) {
    throw error instanceof StoppedError ? stop.toError() : error;
  } finally {
    output.end();
    stop.end();
  }
}
