import type { CommandModule } from 'yargs';
import { untilStopped } from './until-stopped.ts';

export interface ReportArguments {
  readonly dir: string;
  readonly out: string;
  readonly title: string;
  readonly withUsers: boolean;
}

async function handle(args: ReportArguments): Promise<void> {
  const { writeReport } = await import('../report/report.ts');
  await untilStopped((signal) => writeReport({ ...args, signal }));
  process.stdout.write(`Report ${args.out}\n`);
}

/** playfold report: a page for people. */
export const reportCommand: CommandModule<object, ReportArguments> = {
  command: 'report <dir>',
  describe: 'Write a page about a published result: one HTML file without scripts',
  builder: (yargs) =>
    yargs
      .positional('dir', { type: 'string', demandOption: true, describe: 'Folder that run wrote' })
      .options({
        out: { type: 'string', default: 'report.html', requiresArg: true, describe: 'File to write' },
        title: {
          type: 'string',
          default: 'Watch report',
          requiresArg: true,
          describe: 'Heading of the page',
        },
        'with-users': { type: 'boolean', default: false, describe: 'Name the users who watch most' },
      })
      .example('$0 report watch --out report.html', 'A page about the run in watch/') as never,
  handler: handle,
};
