import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';

export interface RunArguments {
  readonly inputs: string[];
  readonly out: string;
  readonly videos: string | undefined;
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly threads: number | undefined;
  readonly memory: string | undefined;
  readonly partitionBy: string;
  readonly uniqueSeconds: boolean;
  readonly config: string | undefined;
  readonly allowEmpty: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

function build(yargs: Argv): Argv<RunArguments> {
  return yargs
    .positional('inputs', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Files, folders or globs of Parquet, NDJSON or CSV',
    })
    .options({
      out: { type: 'string', demandOption: true, requiresArg: true, describe: 'Folder to write' },
      videos: { type: 'string', requiresArg: true, describe: 'Video metadata: videoId, duration (s), title' },
      since: { type: 'string', requiresArg: true, describe: 'Read events from this time on (UTC)' },
      until: { type: 'string', requiresArg: true, describe: 'Read events before this time (UTC)' },
      threads: { type: 'number', requiresArg: true, describe: 'Worker threads [default: cores available]' },
      memory: {
        type: 'string',
        requiresArg: true,
        describe: 'Memory budget, such as 2GB [default: a quarter of what is available]',
      },
      'partition-by': {
        type: 'string',
        requiresArg: true,
        default: 'month',
        describe: 'Folders of the result: month, day, none or bucket:N',
      },
      'unique-seconds': {
        type: 'boolean',
        default: true,
        describe: 'Unique seconds and watched ranges; --no-unique-seconds leaves them out',
      },
      config: { type: 'string', requiresArg: true, describe: 'YAML file with thresholds and event names' },
      'allow-empty': { type: 'boolean', default: false, describe: 'No rows to read is not an error' },
      json: { type: 'boolean', default: false, describe: 'Print the summary as one JSON object' },
      quiet: { type: 'boolean', default: false, describe: 'No progress, no summary' },
    })
    .example(
      '$0 run events/ --videos videos.csv --out watch',
      'Fold a folder of event files',
    ) as unknown as Argv<RunArguments>;
}

async function handle(args: ArgumentsCamelCase<RunArguments>): Promise<void> {
  // Loaded here, because DuckDB and Arrow take a quarter of a second that --help need not wait for.
  const [{ readConfigFile }, { run }, { showProgress }, { formatSummary }] = await Promise.all([
    import('../config-file.ts'),
    import('../run.ts'),
    import('../terminal/progress.ts'),
    import('../terminal/summary-text.ts'),
  ]);
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const progress = args.quiet ? null : showProgress(process.stderr);
  try {
    const summary = await run({
      ...args,
      inputs: args.inputs.map(String),
      config: args.config === undefined ? undefined : readConfigFile(args.config),
      signal: abort.signal,
      onProgress: progress?.show,
    });
    progress?.end();
    if (args.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    else if (!args.quiet) process.stdout.write(formatSummary(summary));
  } finally {
    progress?.end();
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
}

/** playfold run: the whole job. */
export const runCommand: CommandModule<object, RunArguments> = {
  command: 'run <inputs..>',
  describe: 'Fold event files into one row per user and video',
  builder: build,
  handler: handle,
};
