import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { addFlags, type Flags, settingsOf } from '../config/flags.ts';
import { listenForStop } from './stop-signals.ts';

/** The positional argument of commands that read events. */
export const INPUTS = {
  type: 'string',
  array: true,
  defaultDescription: 'inputs of playfold.yaml',
  describe: 'Files, folders or globs of Parquet, JSON, CSV or TSV; - is standard input',
} as const;

function build(yargs: Argv): Argv<Flags> {
  return addFlags(yargs.positional('inputs', INPUTS), [
    'input',
    'result',
    'resources',
    'terminal',
    'events',
    'rules',
    'engagement',
  ]).example('$0 run events/ --out watch', 'Fold a folder of event files');
}

async function handle(args: ArgumentsCamelCase<Flags>): Promise<void> {
  const settings = await settingsOf(args);
  if (settings === null) return;
  const stop = listenForStop();
  // Loaded here, because DuckDB and Arrow take a quarter of a second that --help need not wait for.
  const [{ StoppedError }, { run }, { toRunOptions }, { openRunOutput }] = await Promise.all([
    import('../progress-counters.ts'),
    import('../run.ts'),
    import('../run-options.ts'),
    import('../terminal/run-output.ts'),
  ]);
  const output = openRunOutput(settings.values);
  try {
    const summary = await run({
      ...toRunOptions(settings.given),
      signal: stop.signal,
      onProgress: output.onProgress,
      onNotice: output.onNotice,
    });
    output.finish(summary);
  } catch (error) {
    throw error instanceof StoppedError ? stop.toError() : error;
  } finally {
    output.end();
    stop.end();
  }
}

/** playfold run: the whole job. */
export const runCommand: CommandModule<object, Flags> = {
  command: 'run [inputs..]',
  describe: 'Fold event files into one row per user and video',
  builder: build,
  handler: handle,
};
