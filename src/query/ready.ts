import { readdirSync, readFileSync } from 'node:fs';
import { builtFile } from '../built-files.ts';
import { EXIT, nearestName, PlayfoldError } from '../errors.ts';

/** A ready query: a .sql file beside this one that says what it does and what it takes. */
export interface ReadyQuery {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  /** The file as it is, comments included, for people to copy. */
  readonly text: string;
  /** One SELECT without a semicolon, with $limit, $video and $bucket for the parameters. */
  readonly sql: string;
}

interface Parameter {
  readonly name: string;
  /** Null: not given. */
  readonly fallback: number | null;
  readonly meaning: string;
}

export type ParameterValue = string | number | null;

/** `-- $limit = 20: rows to show` */
const PARAMETER = /^-- \$(\w+) = (null|[\d.]+): (.+)$/;

const folder = builtFile('query/');

/** Names of the ready queries: a new one is a new file. */
export function readyNames(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .map((name) => name.slice(0, -'.sql'.length))
    .sort();
}

/** Reads a ready query. Throws a PlayfoldError (usage) with the nearest name where there is none. */
export function readReady(name: string): ReadyQuery {
  const names = readyNames();
  if (!names.includes(name)) {
    const near = nearestName(name, names);
    throw new PlayfoldError(
      `--ready ${name}: there is no such query; ${near === undefined ? `there are ${names.join(', ')}.` : `did you mean '${near}'?`}`,
      EXIT.usage,
    );
  }
  const text = readFileSync(new URL(`${name}.sql`, folder), 'utf8');
  const lines = text.split('\n');
  const parameters = lines.flatMap((line): Parameter[] => {
    const [, parameter, fallback, meaning] = PARAMETER.exec(line) ?? [];
    if (parameter === undefined || meaning === undefined) return [];
    return [{ name: parameter, fallback: fallback === 'null' ? null : Number(fallback), meaning }];
  });
  return {
    name,
    summary: lines[0]!.replace(/^-- /, ''),
    parameters,
    text,
    sql: text.trimEnd().replace(/;$/, ''),
  };
}

/**
 * The value of each parameter: what was given, else the query's own. Throws a PlayfoldError (usage) for one that the
 * query does not take.
 */
export function parameterValues(
  query: ReadyQuery,
  given: Readonly<Record<string, string | number | undefined>>,
): Record<string, ParameterValue> {
  const taken = query.parameters.map(({ name }) => `--${name}`);
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && !taken.includes(`--${name}`))
      throw new PlayfoldError(
        `--${name}: ${query.name} does not take it; it takes ${taken.length === 0 ? 'nothing' : taken.join(', ')}.`,
        EXIT.usage,
      );
  return Object.fromEntries(query.parameters.map(({ name, fallback }) => [name, given[name] ?? fallback]));
}

/** The list that `--ready` without a name prints: name, summary and parameters of each query. */
export function readyList(): string[][] {
  return readyNames().map((name) => {
    const { summary, parameters } = readReady(name);
    const options = parameters.map((parameter) =>
      parameter.fallback === null ? `--${parameter.name} ID` : `--${parameter.name} ${parameter.fallback}`,
    );
    return [name, summary, options.join(' ')];
  });
}
