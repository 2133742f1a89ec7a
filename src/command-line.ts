import yargs from 'yargs';
import { commands } from './commands/index.ts';
import { EXIT, PlayfoldError } from './errors.ts';
import { StoppedError } from './progress-counters.ts';
import { answerAskingShell, completeWord, isCompletionRequest } from './terminal/completions.ts';
import { errorFormat } from './terminal/error-format.ts';
import { errorRecord, formatRecord, messageOf } from './terminal/log.ts';
import { explainUsage } from './terminal/usage-errors.ts';
import { VERSION } from './version.ts';

const commandNames = commands.map(({ command }) => String(command).split(' ')[0] ?? '');

/** Parses the command line and runs its command. Returns the exit code; errors are one line on stderr. */
export async function main(args: readonly string[]): Promise<number> {
  if (isCompletionRequest(args)) answerAskingShell();
  // yargs drops a lone dash.
  const parser = yargs(args.map((argument) => (argument === '-' ? '/dev/stdin' : argument)))
    .scriptName('playfold')
    .locale('en')
    .usage('$0 <command>\n\nFolds raw video-player events into one row per user and video.')
    .version(VERSION)
    .command(commands)
    .example('$0 demo', 'See what a result looks like')
    .demandCommand(1, 'Name a command.')
    .strict()
    .completion('yargs-completion', false, completeWord)
    // Once it has answered a shell, yargs must leave: it would run the command on the line.
    .exitProcess(isCompletionRequest(args))
    .fail((message, error) => {
      // An unfinished line is no mistake.
      if (isCompletionRequest(args)) return;
      // yargs throws its own YError for some usage errors; ours say what is wrong themselves.
      if (error !== undefined && error !== null && error.name !== 'YError') throw error;
      throw new PlayfoldError(
        `${explainUsage(message, parser, args, commandNames)} See playfold --help.`,
        EXIT.usage,
      );
    })
    .wrap(Math.min(100, process.stdout.columns ?? 100));
  try {
    await parser.parseAsync();
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    return report(error, errorFormat(args, process.env) === 'json');
  }
}

function report(error: unknown, asJson: boolean): number {
  const known = error instanceof StoppedError ? new PlayfoldError(error.message, EXIT.interrupted) : error;
  if (known instanceof PlayfoldError) {
    const { exitCode } = known;
    process.stderr.write(
      asJson ? formatRecord(errorRecord(known, exitCode)) : `playfold: ${messageOf(known)}\n`,
    );
    return exitCode;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    asJson
      ? formatRecord(errorRecord(error, EXIT.bug, stack))
      : `playfold: this is a bug of playfold, please report it with these lines:\n${stack}\n`,
  );
  return EXIT.bug;
}
