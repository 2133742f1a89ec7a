import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { addFlags, type Flags, settingsOf } from '../config/flags.ts';

function build(yargs: Argv): Argv<Flags> {
  return addFlags(
    yargs.positional('inputs', {
      type: 'string',
      array: true,
      defaultDescription: 'inputs of playfold.yaml',
      describe: 'Files, folders or globs of Parquet, JSON, CSV or TSV; - is standard input',
    }),
    ['input', 'result', 'resources', 'terminal', 'events', 'rules', 'engagement'],
  ).example('$0 run events/ --out watch', 'Fold a folder of event files');
}

async function handle(args: ArgumentsCamelCase<Flags>): Promise<void> {
  const settings = await settingsOf(args);
  if (settings === null) return;
  // Loaded here, because DuckDB and Arrow take a quarter of a second that --help need not wait for.
  const [{ run }, { toRunOptions }, { showProgress }, { formatSummary }] = await Promise.all([
    import('../run.ts'),
    import('../run-options.ts'),
    import('../terminal/progress.ts'),
    import('../terminal/summary-text.ts'),
  ]);
  const { json, quiet } = settings.values;
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const progress = quiet ? null : showProgress(process.stderr);
  try {
    const summary = await run({
      ...toRunOptions(settings.given),
      signal: abort.signal,
      onProgress: progress?.show,
    });
    progress?.end();
    if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    else if (!quiet) process.stdout.write(formatSummary(summary));
  } finally {
    progress?.end();
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
}

/** playfold run: the whole job. */
export const runCommand: CommandModule<object, Flags> = {
  command: 'run [inputs..]',
  describe: 'Fold event files into one row per user and video',
  builder: build,
  handler: handle,
};
