import type { Argv } from 'yargs';
import { nearestName } from '../errors.ts';

/** Parts of yargs that its types leave out. */
interface ParserInside {
  getOptions(): {
    readonly key: Readonly<Record<string, unknown>>;
    readonly alias: Readonly<Record<string, readonly string[]>>;
  };
}

const toCamelCase = (flag: string): string =>
  flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

const didYouMean = (near: string | undefined): string => (near === undefined ? '' : ` Did you mean ${near}?`);

/** The first flag that the command at hand does not know. */
function explainFlag(parser: Argv, args: readonly string[]): string | undefined {
  const { key: flags, alias } = (parser as unknown as ParserInside).getOptions();
  const names = [...Object.keys(flags), ...Object.values(alias).flat()];
  const isKnown = (key: string): boolean =>
    ['_', '$0', '--'].includes(key) || names.some((name) => name === key || toCamelCase(name) === key);
  const unknown = Object.keys((parser.parsed || undefined)?.argv ?? {}).find((key) => !isKnown(key));
  if (unknown === undefined) return undefined;
  if (unknown.length === 1) {
    const isLong = args.some((arg) => arg.split('=')[0] === `--${unknown}`);
    return `Unknown flag ${isLong ? '--' : '-'}${unknown}.`;
  }
  const near = nearestName(
    unknown,
    names.filter((name) => name.length > 1),
  );
  return `Unknown flag --${unknown}.${didYouMean(near === undefined ? near : `--${near}`)}`;
}

/** What yargs says in several lines or in its own terms, in one line and ours. */
function rephrase(message: string): string {
  const [, argument, given = '', choices = ''] =
    /Argument: (\S+), Given: "(.*)", Choices: (.*)$/s.exec(message) ?? [];
  if (argument !== undefined) {
    const names = choices.replaceAll('"', '').split(', ');
    const near = nearestName(given, names);
    return `${argument} ${given}: expected one of ${names.join(', ')}${near === undefined ? '.' : `; did you mean '${near}'?`}`;
  }
  const [, flag] = /^Not enough arguments following: (.*)$/.exec(message) ?? [];
  if (flag !== undefined) return `${flag.length === 1 ? '-' : '--'}${flag} needs a value.`;
  return `${message.replaceAll(/\s*\n\s*/g, ' ').replace(/\.?$/, '.')}`;
}

/** Says in one line what is wrong with the command line `args`, which yargs refused with `message`, and what was meant. */
export function explainUsage(
  message: string,
  parser: Argv,
  args: readonly string[],
  commandNames: readonly string[],
): string {
  const [command] = ((parser.parsed || undefined)?.argv._ ?? []).map(String);
  if (command !== undefined && !commandNames.includes(command))
    return `Unknown command ${command}.${didYouMean(nearestName(command, commandNames))}`;
  const flag = explainFlag(parser, args);
  if (flag !== undefined) return flag;
  if (/^Not enough non-option arguments/.test(message))
    return 'An argument is missing, such as the folder that playfold run wrote.';
  const [, unknown] = /^Unknown arguments?: ([^,]+)/.exec(message) ?? [];
  return unknown === undefined ? rephrase(message) : `${command} takes no ${unknown}.`;
}
