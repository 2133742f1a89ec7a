import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { addFlags, type Flags, settingsOf } from '../config/flags.ts';
import { untilStopped } from './until-stopped.ts';

function build(yargs: Argv): Argv<Flags> {
  return addFlags(
    yargs.positional('inputs', {
      type: 'string',
      array: true,
      defaultDescription: 'inputs of playfold.yaml',
      describe: 'Files, folders or globs of Parquet, JSON, CSV or TSV; - is standard input',
    }),
    ['input', 'resources', 'terminal', 'events'],
  ).example('$0 check events/', 'See what a run would make of a folder');
}

async function handle(args: ArgumentsCamelCase<Flags>): Promise<void> {
  const settings = await settingsOf(args);
  if (settings === null) return;
  const [{ check }, { toRunOptions }, { formatCheck }] = await Promise.all([
    import('../check/check.ts'),
    import('../run-options.ts'),
    import('../terminal/check-text.ts'),
  ]);
  const { json, quiet } = settings.values;
  await untilStopped(async (signal) => {
    const report = await check({ ...toRunOptions(settings.given), signal });
    if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
    else if (!quiet) process.stdout.write(formatCheck(report));
  });
}

/** playfold check: what a run would make of the input, without writing anything. */
export const checkCommand: CommandModule<object, Flags> = {
  command: 'check [inputs..]',
  describe: 'Say what a run would read, match and drop; writes nothing',
  builder: build,
  handler: handle,
};
