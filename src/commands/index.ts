import type { CommandModule } from 'yargs';
import { checkCommand } from './check.ts';
import { completionCommand } from './completion.ts';
import { demoCommand } from './demo.ts';
import { explainCommand } from './explain.ts';
import { generateCommand } from './generate.ts';
import { queryCommand } from './query.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run.ts';
import { schemaCommand } from './schema.ts';
import { statsCommand } from './stats.ts';
import { updateCommand } from './update.ts';
import { verifyCommand } from './verify.ts';

/** Every command: a new one is a file here and a line in this list. */
// biome-ignore lint/suspicious/noExplicitAny: yargs types a list of commands with different arguments so
export const commands: CommandModule<object, any>[] = [
  runCommand,
  updateCommand,
  checkCommand,
  verifyCommand,
  explainCommand,
  queryCommand,
  reportCommand,
  statsCommand,
  demoCommand,
  generateCommand,
  schemaCommand,
  completionCommand,
];
