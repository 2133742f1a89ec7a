import type { ArgumentsCamelCase, CommandModule } from 'yargs';
import { EXIT, PlayfoldError } from '../errors.ts';

export interface VerifyArguments {
  readonly dir: string;
  readonly json: boolean;
}

const MOST_LINES = 20;

async function handle({ dir, json }: ArgumentsCamelCase<VerifyArguments>): Promise<void> {
  const { verifyResult } = await import('../sink/verify.ts');
  const found = await verifyResult(String(dir));
  const { differences } = found;
  const count = new Intl.NumberFormat('en-US');
  if (json) process.stdout.write(`${JSON.stringify(found)}\n`);
  else if (differences.length === 0)
    process.stdout.write(
      `${dir}: as written: ${count.format(found.files)} files, ${count.format(found.bytes)} bytes, ` +
        `${count.format(found.rows)} rows${found.contentHash === null ? '' : `, content hash ${found.contentHash}`}\n`,
    );
  else
    for (const { path, problem } of differences.slice(0, MOST_LINES))
      process.stdout.write(`${path}: ${problem}\n`);
  if (differences.length > 0)
    throw new PlayfoldError(
      `${dir}: ${count.format(differences.length)} difference${differences.length === 1 ? '' : 's'} from what was ` +
        'written; do not use it, and run again with --force.',
      EXIT.gate,
    );
}

/** playfold verify: is a published folder what was written? */
export const verifyCommand: CommandModule<object, VerifyArguments> = {
  command: 'verify <dir>',
  describe: 'Compare a published folder with its manifest',
  builder: (yargs) =>
    yargs
      .positional('dir', {
        type: 'string',
        demandOption: true,
        describe: 'The --out or --quarantine of a run',
      })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'Print what was found as one JSON object',
      })
      .example('$0 verify watch', 'Exit code 0 only where every file is what was written'),
  handler: handle,
};
