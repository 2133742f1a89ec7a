import yargs from 'yargs';
import { commands } from './commands/index.ts';
import { EXIT, PlayfoldError } from './errors.ts';
import { StoppedError } from './progress-counters.ts';
import { VERSION } from './version.ts';

/** Parses the command line and runs its command. Returns the exit code; errors are one line on stderr. */
export async function main(args: readonly string[]): Promise<number> {
  const parser = yargs(args)
    .scriptName('playfold')
    .usage('$0 <command>\n\nFolds raw video-player events into one row per user and video.')
    .version(VERSION)
    .command(commands)
    .demandCommand(1, 'Name a command.')
    .recommendCommands()
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      throw (
        error ?? new PlayfoldError(`${message.replaceAll(/\s*\n\s*/g, ' ')} See playfold --help.`, EXIT.usage)
      );
    })
    .wrap(Math.min(100, process.stdout.columns ?? 100));
  try {
    await parser.parseAsync();
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof StoppedError) {
    process.stderr.write('playfold: stopped; nothing was published.\n');
    return EXIT.interrupted;
  }
  if (error instanceof PlayfoldError) {
    process.stderr.write(`playfold: ${error.message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
    return error.exitCode;
  }
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`playfold: this is a bug of playfold, please report it with these lines:\n${stack}\n`);
  return EXIT.bug;
}
