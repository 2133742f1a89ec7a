import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, nearestName, PlayfoldError } from '../errors.ts';
import { type ConfigFile, readConfigFile } from './file.ts';
import { describeMistake } from './issues.ts';
import { listOptions, type Option } from './option-list.ts';
import { parseOptionText, parseVariableText } from './option-text.ts';
import { type SettingsInput, type SettingsOutput, settingsSchema } from './schema.ts';

/** The file that is read where no other is named. */
export const CONFIG_FILE = 'playfold.yaml';
const PREFIX = 'PLAYFOLD_';
const CONFIG_VARIABLE = `${PREFIX}CONFIG`;

export interface SettingsSources {
  /** Values of flags by their names without dashes; `config` is a file's name or false. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where playfold.yaml is looked for: the working folder, as a path prefix that messages show. */
  readonly folder: string;
}

export interface Settings {
  /** What was given, without defaults. */
  readonly given: SettingsInput;
  /** Everything, defaults filled in. */
  readonly values: SettingsOutput;
  /** Who gave the option at a key: --threads, PLAYFOLD_THREADS, playfold.yaml:3:1; absent for a default. */
  readonly origins: ReadonlyMap<string, string>;
  /** What a person should know, a line each. */
  readonly notices: readonly string[];
}

interface GivenValue {
  readonly value: unknown;
  readonly origin: string;
  /** How a message about the value begins. */
  readonly subject: string;
}

type Layer = (option: Option) => GivenValue | undefined;

/** Flags beat environment beat file beat defaults. Throws a PlayfoldError (usage) naming the place that is wrong. */
export function readSettings({ flags, environment, folder }: SettingsSources): Settings {
  const notices: string[] = [];
  const layers = [
    flagLayer(flags),
    environmentLayer(environment, notices),
    fileLayer(findConfigFile(flags.config, environment, folder, notices)),
  ];
  const given = {};
  const chosen = new Map<string, GivenValue>();
  for (const option of listOptions()) {
    // Each layer is asked, so that a wrong value is told even where another one beats it.
    const [best] = layers.map((layer) => layer(option)).filter((value) => value !== undefined);
    if (best === undefined) continue;
    chosen.set(option.key, best);
    setAt(given, option.path, best.value);
  }
  return {
    given,
    values: validateTogether(given, chosen),
    origins: new Map([...chosen].map(([key, { origin }]) => [key, origin])),
    notices,
  };
}

function flagLayer(flags: SettingsSources['flags']): Layer {
  return (option) => {
    const flag = flags[option.flag];
    if (flag === undefined || (Array.isArray(flag) && flag.length === 0)) return undefined;
    const origin = option.key === 'inputs' ? 'the command line' : `--${option.flag}`;
    const texts = (Array.isArray(flag) ? flag : [flag]).map(String);
    const subject = `${origin} ${texts.join(' ')}`;
    const values = texts.map((text) => parseOptionText(option, text));
    if (values.length === 1) return checked(option, { value: values[0], origin, subject });
    if (option.kind === 'list') return checked(option, { value: values.flat(), origin, subject });
    if (option.kind === 'map')
      return checked(option, { value: Object.assign({}, ...values), origin, subject });
    throw new PlayfoldError(`${subject}: given ${values.length} times; once is enough.`, EXIT.usage);
  };
}

function environmentLayer(environment: SettingsSources['environment'], notices: string[]): Layer {
  const known = [...listOptions().map(({ variable }) => variable), CONFIG_VARIABLE];
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(PREFIX) || known.includes(name)) continue;
    const near = nearestVariable(name, known);
    if (near !== undefined)
      throw new PlayfoldError(`${name}: no option has this name; did you mean ${near}?`, EXIT.usage);
    notices.push(`${name} is no option and is ignored.`);
  }
  return (option) => {
    const text = environment[option.variable];
    if (text === undefined || text === '') return undefined;
    const value = parseVariableText(option, text);
    return checked(option, { value, origin: option.variable, subject: `${option.variable}=${text}` });
  };
}

/** Short names are too like each other: PLAYFOLD_PORT, which Kubernetes sets, is not meant for PLAYFOLD_OUT. */
function nearestVariable(name: string, known: readonly string[]): string | undefined {
  const short = name.slice(PREFIX.length);
  if (short.length < 5) return undefined;
  const near = nearestName(
    short,
    known.map((variable) => variable.slice(PREFIX.length)),
  );
  return near === undefined ? undefined : `${PREFIX}${near}`;
}

function findConfigFile(
  flag: unknown,
  environment: SettingsSources['environment'],
  folder: string,
  notices: string[],
): ConfigFile | null {
  if (flag === false) return null;
  if (Array.isArray(flag))
    throw new PlayfoldError(`--config ${flag.join(' ')}: one file is expected.`, EXIT.usage);
  if (flag !== undefined) return readConfigFile(String(flag), '--config');
  const named = environment[CONFIG_VARIABLE];
  if (named !== undefined && named !== '') return readConfigFile(named, CONFIG_VARIABLE);
  const path = join(folder, CONFIG_FILE);
  if (!existsSync(path)) return null;
  notices.push(`options from ${path}; --no-config leaves it out.`);
  return readConfigFile(path, 'the configuration');
}

function fileLayer(file: ConfigFile | null): Layer {
  return ({ path, key }) => {
    const value = getAt(file?.value, path);
    if (file === null || value === undefined) return undefined;
    const origin = file.placeOf(path);
    return { value, origin, subject: `${origin}: '${key}'` };
  };
}

function checked(option: Option, given: GivenValue): GivenValue {
  const result = (option.type as typeof settingsSchema).safeParse(given.value);
  const issue = result.error?.issues[0];
  if (issue === undefined) return given;
  throw new PlayfoldError(
    `${given.subject}: ${describeMistake(option.type, issue, given.value)}`,
    EXIT.usage,
  );
}

/** What each value alone cannot show: a window without time, a name of two event classes. */
function validateTogether(given: SettingsInput, chosen: ReadonlyMap<string, GivenValue>): SettingsOutput {
  const result = settingsSchema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const key = issue?.path.filter((part) => typeof part === 'string').join('.') ?? '';
  const subject = chosen.get(key)?.subject ?? key;
  throw new PlayfoldError(
    `${subject}: ${issue === undefined ? 'not valid.' : describeMistake(settingsSchema, issue, given)}`,
    EXIT.usage,
  );
}

/** The value at a path of nested objects. */
export function getAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) target[key] = value;
  else {
    target[key] ??= {};
    setAt(target[key] as Record<string, unknown>, rest, value);
  }
}
