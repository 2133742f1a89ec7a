import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { EXIT, PlayfoldError } from '../errors.ts';

export interface GenerateArguments {
  readonly events: string;
  readonly users: string | undefined;
  readonly videos: string | undefined;
  readonly days: number | undefined;
  readonly 'active-days': number | undefined;
  readonly seed: number;
  readonly out: string;
}

const MAX_EVENTS = 1e10;

/** Reads 100M, 200k, 1e6 or 5000. Throws a PlayfoldError (usage). */
export function parseCount(option: string, text: string): number {
  const [, digits, suffix = ''] = /^(\d+(?:\.\d+)?(?:e\d+)?)([kMG]?)$/.exec(text.trim()) ?? [];
  const count = Number(digits) * ({ k: 1e3, M: 1e6, G: 1e9 }[suffix] ?? 1);
  if (Number.isInteger(count) && count >= 1 && count <= MAX_EVENTS) return count;
  throw new PlayfoldError(`--${option} ${text}: expected a number such as 200k, 1e6 or 100M.`, EXIT.usage);
}

function countDays(option: string, days: number | undefined): number | undefined {
  if (days === undefined || (Number.isInteger(days) && days >= 1 && days <= 3650)) return days;
  throw new PlayfoldError(`--${option} ${days}: expected a whole number of days from 1 to 3650.`, EXIT.usage);
}

async function handle(args: GenerateArguments): Promise<void> {
  const eventCount = parseCount('events', args.events);
  const userCount =
    args.users === undefined ? Math.max(10, Math.round(eventCount / 110)) : parseCount('users', args.users);
  const videoCount = args.videos === undefined ? 2000 : parseCount('videos', args.videos);
  const [dayCount, activeDays] = [
    countDays('days', args.days),
    countDays('active-days', args['active-days']),
  ];
  if (existsSync(args.out) && readdirSync(args.out).length > 0)
    throw new PlayfoldError(
      `--out ${args.out}: the folder is not empty; name another or empty it.`,
      EXIT.usage,
    );
  const { generateLake } = await import('../generate/lake.ts');
  const lake = await generateLake({
    eventCount,
    userCount,
    videoCount,
    dayCount,
    activeDays,
    seed: args.seed,
    outDir: args.out,
    onProgress: (written) => process.stderr.write(`${written} of ${eventCount} events written\n`),
  });
  process.stdout.write(
    `Events  ${lake.eventsPath}: ${lake.eventCount} in ${lake.fileCount} files, ${(lake.byteLength / 1e6).toFixed(1)} MB\n` +
      `Videos  ${lake.videosPath}\n` +
      `Fold    playfold run ${lake.eventsPath} --videos ${lake.videosPath} --out ${join(args.out, 'result')}\n`,
  );
}

/** playfold generate: a lake of events to try things on. */
export const generateCommand: CommandModule<object, GenerateArguments> = {
  command: 'generate',
  describe: 'Write a lake of made-up events, the same for the same options',
  builder: (yargs) =>
    yargs
      .option('events', {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'How many, such as 10M',
      })
      .option('users', {
        type: 'string',
        requiresArg: true,
        describe: 'How many [default: one for 110 events]',
      })
      .option('videos', { type: 'string', requiresArg: true, describe: 'How many [default: 2000]' })
      .option('days', {
        type: 'number',
        requiresArg: true,
        describe: 'How many, a file each [default: 10, of few events fewer]',
      })
      .option('active-days', {
        type: 'number',
        requiresArg: true,
        describe: 'For how many days a user watches before he is gone [default: all]',
      })
      .option('seed', {
        type: 'number',
        default: 1,
        requiresArg: true,
        describe: 'Another seed, other events',
      })
      .option('out', { type: 'string', demandOption: true, requiresArg: true, describe: 'Folder to write' })
      .example('$0 generate --events 1M --out lake', 'A million events in daily Parquet files'),
  handler: handle,
};
