import type { Argv, Options } from 'yargs';
import { reportErrorsAs } from '../terminal/error-format.ts';
import { listOptions, type Option } from './option-list.ts';
import { OPTION_GROUPS, type OptionGroup } from './schema.ts';
import type { Settings } from './settings.ts';

/** Flags as yargs gives them; what they mean is the schema's to say. */
export type Flags = Readonly<Record<string, unknown>>;

/** Adds the flags of some groups to a command, and --config and --print-config. */
export function addFlags(yargs: Argv, groups: readonly OptionGroup[]): Argv<Flags> {
  yargs.parserConfiguration({ 'parse-numbers': false, 'dot-notation': false });
  for (const option of listOptions(groups))
    if (option.key !== 'inputs') yargs.option(option.flag, toFlag(option));
  return yargs
    .option('config', {
      group: 'Configuration:',
      requiresArg: true,
      describe: 'YAML file with any of these options by their camelCase names; --no-config: none',
      defaultDescription: 'playfold.yaml, where there is one',
    })
    .option('print-config', {
      group: 'Configuration:',
      type: 'boolean',
      describe: 'Print every option, its value and where it came from, and run nothing',
    })
    .showHidden('all', 'With --help: event names and engagement weights too');
}

function toFlag(option: Option): Options {
  const { group, kind, choices, description, defaultText, letter, path } = option;
  return {
    group: `${OPTION_GROUPS[group].title}:`,
    describe: choices === undefined ? description : `${description}: ${choices.join(', ')}`,
    ...(kind === 'boolean' ? { type: 'boolean' } : { requiresArg: true }),
    ...(defaultText === '' ? {} : { defaultDescription: defaultText }),
    ...(letter === undefined ? {} : { alias: letter }),
    hidden: path.length > 1,
  };
}

/**
 * The settings of a command with such flags, or null after --print-config printed them. Throws a PlayfoldError
 * (usage). Writes notices to stderr unless the settings are quiet.
 */
export async function settingsOf(flags: Flags): Promise<Settings | null> {
  // Loaded here, because --help needs no YAML.
  const { readSettings } = await import('./settings.ts');
  const settings = readSettings({ flags, environment: process.env, folder: '' });
  const { json, quiet, log } = settings.values;
  reportErrorsAs(log);
  if (!quiet) for (const notice of settings.notices) process.stderr.write(`playfold: ${notice}\n`);
  if (flags['print-config'] !== true) return settings;
  const { formatSettings, formatSettingsJson } = await import('./print.ts');
  process.stdout.write(json ? formatSettingsJson(settings) : formatSettings(settings));
  return null;
}
