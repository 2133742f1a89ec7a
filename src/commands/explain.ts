import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { addFlags, type Flags, settingsOf } from '../config/flags.ts';

function build(yargs: Argv): Argv<Flags> {
  return addFlags(
    yargs
      .positional('inputs', {
        type: 'string',
        array: true,
        defaultDescription: 'inputs of playfold.yaml',
        describe: 'Files, folders or globs of Parquet, JSON, CSV or TSV; - is standard input',
      })
      .options({
        user: { type: 'string', demandOption: true, requiresArg: true, describe: 'The userId' },
        video: { type: 'string', demandOption: true, requiresArg: true, describe: 'The videoId' },
      }),
    ['input', 'resources', 'terminal', 'events', 'rules', 'engagement'],
  ).example('$0 explain events/ --user peter --video video_001', 'Why this row is what it is');
}

async function handle(args: ArgumentsCamelCase<Flags>): Promise<void> {
  const settings = await settingsOf(args);
  if (settings === null) return;
  const [{ explain }, { toRunOptions }, { formatExplanation }] = await Promise.all([
    import('../explain/explain.ts'),
    import('../run-options.ts'),
    import('../terminal/explain-text.ts'),
  ]);
  const pair = { userId: String(args.user), videoId: String(args.video) };
  const explanation = await explain(toRunOptions(settings.given), pair);
  process.stdout.write(
    settings.values.json ? `${JSON.stringify(explanation)}\n` : formatExplanation(explanation),
  );
}

/** playfold explain: one row, event by event. */
export const explainCommand: CommandModule<object, Flags> = {
  command: 'explain [inputs..]',
  describe: 'Show what each event of one user and video did, and how their row came about',
  builder: build,
  handler: handle,
};
