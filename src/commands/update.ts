import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { addFlags, type Flags, settingsOf } from '../config/flags.ts';
import { INPUTS } from './run.ts';
import { listenForStop } from './stop-signals.ts';

function build(yargs: Argv): Argv<Flags> {
  return addFlags(yargs.positional('inputs', INPUTS), [
    'input',
    'result',
    'update',
    'resources',
    'terminal',
    'events',
    'rules',
    'engagement',
  ]).example('$0 update events/ --out watch', 'Fold the files of a folder that were not folded yet');
}

async function handle(args: ArgumentsCamelCase<Flags>): Promise<void> {
  const settings = await settingsOf(args);
  if (settings === null) return;
  // Loaded here, because DuckDB and Arrow take a quarter of a second that --help need not wait for.
  const [{ StoppedError }, { update }, { toUpdateOptions }, { openRunOutput }] = await Promise.all([
    import('../progress-counters.ts'),
    import('../update/update.ts'),
    import('../update/update-options.ts'),
    import('../terminal/run-output.ts'),
  ]);
  const stop = listenForStop();
  const output = openRunOutput(settings.values);
  try {
    const summary = await update({
      ...toUpdateOptions(settings.given),
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

/** playfold update: the daily job. */
export const updateCommand: CommandModule<object, Flags> = {
  command: 'update [inputs..]',
  describe: 'Add new events to a result, which then equals one run over all',
  builder: build,
  handler: handle,
};
