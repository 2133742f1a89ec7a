import type { CommandModule } from 'yargs';

export interface StatsArguments {
  readonly dir: string;
  readonly json: boolean;
}

async function handle({ dir, json }: StatsArguments): Promise<void> {
  const [{ requireManifest }, { formatSummary }] = await Promise.all([
    import('../sink/manifest.ts'),
    import('../terminal/summary-text.ts'),
  ]);
  const { summary, finishedAt, version, inputs } = await requireManifest(dir);
  if (json) {
    process.stdout.write(`${JSON.stringify(summary)}\n`);
    return;
  }
  process.stdout.write(`Run of ${finishedAt} by playfold ${version} over ${inputs.join(', ')}\n`);
  process.stdout.write(formatSummary(summary));
}

/** playfold stats: the summary of a published run. */
export const statsCommand: CommandModule<object, StatsArguments> = {
  command: 'stats <dir>',
  describe: 'Print the summary of a published run again',
  builder: (yargs) =>
    yargs
      .positional('dir', { type: 'string', demandOption: true, describe: 'Folder that run wrote' })
      .option('json', { type: 'boolean', default: false, describe: 'Print it as one JSON object' })
      .example('$0 stats watch', 'What the run in watch/ came to'),
  handler: handle,
};
