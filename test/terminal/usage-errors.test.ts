import { expect, it } from 'vitest';
import yargs from 'yargs';
import { commands } from '../../src/commands/index.ts';
import { explainUsage } from '../../src/terminal/usage-errors.ts';

const NAMES = commands.map(({ command }) => String(command).split(' ')[0]!);

// biome-ignore format: a table
it.each([
  ['runn a', 'Unknown command runn. Did you mean run?'],
  ['runn a --out b', 'Unknown command runn. Did you mean run?'],
  ['--vresion', 'Unknown flag --vresion. Did you mean --version?'],
  ['xyzzy', 'Unknown command xyzzy.'],
  ['demo more', 'demo takes no more.'],
  ['report', 'An argument is missing, such as the folder that playfold run wrote.'],
  ['query watch --redy tiers', 'Unknown flag --redy. Did you mean --ready?'],
  ['query watch --format xml', 'format xml: expected one of table, csv, json, ndjson, parquet.'],
  ['run a --me-mroy 3', 'Unknown flag --me-mroy. Did you mean --memory?'],
  ['run a --engagement.formula points', 'Unknown flag --engagement.formula. Did you mean --engagement-formula?'],
  ['run a --colour red', 'Unknown flag --colour.'],
  ['run a -x', 'Unknown flag -x.'],
  ['run a --x', 'Unknown flag --x.'],
  ['run a -o x -q --print-confg', 'Unknown flag --print-confg. Did you mean --print-config?'],
  ['generate --event 3', 'Unknown flag --event. Did you mean --events?'],
  ['generate --events 3', 'Missing required argument: out.'],
  ['run a --threads', '--threads needs a value.'],
  ['schema confg', "of confg: expected one of config; did you mean 'config'?"],
  ['rnu', 'Unknown command rnu. Did you mean run?'],
])('%s: %s', async (line, expected) => {
  const parser = yargs(line.split(' ')).locale('en').command(commands).demandCommand(1).strict().exitProcess(false);
  parser.fail((message) => {
    throw new Error(explainUsage(message, parser, line.split(' '), NAMES));
  });
  await expect((async () => parser.parseAsync())()).rejects.toThrow(new Error(expected));
});
