import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { addFlags, type Flags, settingsOf } from '../config/flags.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import { INPUTS } from './fold-command.ts';
import { listenForStop } from './stop-signals.ts';

/** What a timeline takes in memory is a few kilobytes an event. */
const MOST_EVENTS = 100_000;

function build(yargs: Argv): Argv<Flags> {
  return addFlags(
    yargs.positional('inputs', INPUTS).options({
      user: { type: 'string', demandOption: true, requiresArg: true, describe: 'The userId' },
      video: { type: 'string', demandOption: true, requiresArg: true, describe: 'The videoId' },
      'max-events': {
        requiresArg: true,
        defaultDescription: '1000',
        describe: `Events to show, at most ${MOST_EVENTS}; the row is of all of them`,
      },
    }),
    ['input', 'resources', 'terminal', 'events', 'rules', 'engagement'],
  ).example('$0 explain events/ --user peter --video video_001', 'Why this row is what it is');
}

async function handle(args: ArgumentsCamelCase<Flags>): Promise<void> {
  const maxEvents = parseMaxEvents(args.maxEvents);
  const settings = await settingsOf(args);
  if (settings === null) return;
  const { json, log, quiet } = settings.values;
  const stop = listenForStop();
  const [{ explain }, { toRunOptions }, { StoppedError }, { openRunOutput }, { formatExplanation }] =
    await Promise.all([
      import('../explain/explain.ts'),
      import('../run-options.ts'),
      import('../progress-counters.ts'),
      import('../terminal/run-output.ts'),
      import('../terminal/explain-text.ts'),
    ]);
  const output = openRunOutput({ json, log, quiet });
  const pair = { userId: String(args.user), videoId: String(args.video) };
  const hooks = { signal: stop.signal, onProgress: output.onProgress };
  try {
    const explanation = await explain({ ...toRunOptions(settings.given), ...hooks, maxEvents }, pair);
    output.end();
    process.stdout.write(json ? `${JSON.stringify(explanation)}\n` : formatExplanation(explanation));
  } catch (error) {
    throw error instanceof StoppedError ? stop.toError('') : error;
  } finally {
    output.end();
    stop.end();
  }
}

/** Throws a PlayfoldError (usage). */
function parseMaxEvents(text: unknown): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= MOST_EVENTS) return number;
  throw new PlayfoldError(
    `--max-events ${text}: expected a whole number from 1 to ${MOST_EVENTS}.`,
    EXIT.usage,
  );
}

/** playfold explain: one row, event by event. */
export const explainCommand: CommandModule<object, Flags> = {
  command: 'explain [inputs..]',
  describe: 'Show what each event of one user and video did, and how their row came about',
  builder: build,
  handler: handle,
};
