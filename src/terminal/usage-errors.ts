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
function explainFlag(parser: Argv): string | undefined {
  const { key: flags, alias } = (parser as unknown as ParserInside).getOptions();
  const names = [...Object.keys(flags), ...Object.values(alias).flat()];
  const isKnown = (key: string): boolean =>
    ['_', '$0', '--'].includes(key) || names.some((name) => name === key || toCamelCase(name) === key);
  const unknown = Object.keys((parser.parsed || undefined)?.argv ?? {}).find((key) => !isKnown(key));
  if (unknown === undefined) return undefined;
  if (unknown.length === 1) return `Unknown flag -${unknown}.`;
  const near = nearestName(
    unknown,
    names.filter((name) => name.length > 1),
  );
  return `Unknown flag --${unknown}.${didYouMean(near === undefined ? near : `--${near}`)}`;
}

/** Says in one line what is wrong with a command line that yargs refused with `message`, and what was meant. */
export function explainUsage(message: string, parser: Argv, commandNames: readonly string[]): string {
  const flag = explainFlag(parser);
  if (flag !== undefined) return flag;
  const [, argument, given = '', choices = ''] =
    /Argument: (\S+), Given: "(.*)", Choices: (.*)$/s.exec(message) ?? [];
  if (argument !== undefined) return `${argument} ${given}: expected one of ${choices.replaceAll('"', '')}.`;
  const [, empty] = /^Not enough arguments following: (.*)$/.exec(message) ?? [];
  if (empty !== undefined) return `${empty.length === 1 ? '-' : '--'}${empty} needs a value.`;
  const [, unknown] = /^Unknown arguments?: ([^,]+)/.exec(message) ?? [];
  if (unknown === undefined) return `${message.replaceAll(/\s*\n\s*/g, ' ').replace(/\.?$/, '.')}`;
  const [command = ''] = ((parser.parsed || undefined)?.argv._ ?? []).map(String);
  if (commandNames.includes(command)) return `${command} takes no ${unknown}.`;
  return `Unknown command ${unknown}.${didYouMean(nearestName(unknown, commandNames))}`;
}
