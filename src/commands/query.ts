import type { Argv, CommandModule } from 'yargs';
import { EXIT, PlayfoldError } from '../errors.ts';
import { FORMATS, type Format } from '../query/formats.ts';
import type { Question } from '../query/query.ts';
import { untilStopped } from './until-stopped.ts';

export interface QueryArguments {
  readonly dir: string | undefined;
  readonly sql: string | undefined;
  readonly ready: string | undefined;
  readonly limit: number | undefined;
  readonly video: string | undefined;
  readonly bucket: number | undefined;
  readonly show: boolean;
  readonly format: Format | undefined;
  readonly out: string | undefined;
}

function build(yargs: Argv): Argv<QueryArguments> {
  return yargs
    .positional('dir', { type: 'string', describe: 'Folder that run wrote' })
    .positional('sql', { type: 'string', describe: 'One SELECT; each folder of DIR is a table' })
    .options({
      ready: { type: 'string', describe: 'A ready query instead of SQL; without a name, the list of them' },
      limit: { type: 'number', requiresArg: true, describe: 'Rows of a ready query' },
      video: { type: 'string', requiresArg: true, describe: 'The videoId that a ready query is about' },
      bucket: { type: 'number', requiresArg: true, describe: 'Seconds of video in a step of a ready query' },
      show: {
        type: 'boolean',
        default: false,
        describe: 'Print the SQL of a ready query, to copy and change',
      },
      format: {
        choices: FORMATS,
        requiresArg: true,
        describe: 'Output [default: by --out, else a table on a terminal, else csv]',
      },
      out: { type: 'string', requiresArg: true, describe: 'File to write' },
    })
    .example('$0 query watch "select videoId, count(*) from engagement group by 1"', 'Ask in SQL')
    .example(
      '$0 query watch --ready drop-off --video video_001 --bucket 30',
      'Ask a ready question',
    ) as unknown as Argv<QueryArguments>;
}

async function handle(args: QueryArguments): Promise<void> {
  if (args.ready === '' || args.show) return print(args);
  const { dir, format, out } = args;
  if (dir === undefined) throw usage('name the folder that playfold run wrote, then the SQL or --ready.');
  const question = await toQuestion(args);
  const { query } = await import('../query/query.ts');
  await untilStopped((signal) => query({ dir, question, format, out, stdout: process.stdout, signal }));
}

/** The list of the ready queries, or the text of one. */
async function print({ ready, show }: QueryArguments): Promise<void> {
  const { readReady, readyList } = await import('../query/ready.ts');
  if (show && !ready) throw usage('--show: add --ready NAME.');
  if (ready) {
    process.stdout.write(readReady(ready).text);
    return;
  }
  const { formatTable } = await import('../terminal/table.ts');
  process.stdout.write(`${formatTable([], readyList(), '').join('\n')}\n`);
}

async function toQuestion({ sql, ready, ...args }: QueryArguments): Promise<Question> {
  const given = {
    limit: checkNumber('limit', args.limit, true),
    video: args.video,
    bucket: checkNumber('bucket', args.bucket, false),
  };
  if (ready !== undefined) {
    if (sql !== undefined) throw usage('give SQL or --ready, not both.');
    const { parameterValues, readReady } = await import('../query/ready.ts');
    const question = readReady(ready);
    return { sql: question.sql, values: parameterValues(question, given) };
  }
  for (const [name, value] of Object.entries(given))
    if (value !== undefined) throw usage(`--${name}: only ready queries take it; write it into the SQL.`);
  if (sql !== undefined) return { text: sql };
  throw usage(
    'give SQL, such as "select * from engagement limit 10", or --ready for the list of ready queries.',
  );
}

function checkNumber(name: string, value: number | undefined, isWhole: boolean): number | undefined {
  if (value === undefined) return undefined;
  if (value > 0 && value < 1e9 && (!isWhole || Number.isInteger(value))) return value;
  throw usage(`--${name} ${value}: expected a ${isWhole ? 'whole ' : ''}number above 0.`);
}

function usage(message: string): PlayfoldError {
  return new PlayfoldError(`query: ${message}`, EXIT.usage);
}

/** playfold query: SQL over a published result. */
export const queryCommand: CommandModule<object, QueryArguments> = {
  command: 'query [dir] [sql]',
  describe: 'Ask a published result in SQL, or a ready question',
  builder: build,
  handler: handle,
};
