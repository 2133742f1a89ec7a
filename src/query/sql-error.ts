import { translateError } from '../duckdb.ts';
import { EXIT, nearestName, PlayfoldError } from '../errors.ts';
import { TABLE_NAMES } from '../sink/tables/names.ts';

type Columns = ReadonlyMap<string, readonly string[]>;

/** What DuckDB says when a name is not there; the first group is the name. */
const NO_COLUMN = [
  /Referenced column "(.+?)" (?:not found|was not found)/,
  /does not have a column named "(.+?)"/,
  /Column with name (\S+) does not exist/,
  /Column "(.+?)" in (?:EXCLUDE|REPLACE) list not found/,
];
const NO_TABLE = [/Table with name (.+?) does not exist/, /Referenced table "(.+?)" not found/];

/** DuckDB's word on a user's SQL as one line with the nearest column or table, for exit code 2. */
export function toSqlError(error: unknown, columns: Columns, dir: string): unknown {
  if (!(error instanceof Error) || error instanceof PlayfoldError) return error;
  const said = firstLine(error.message);
  if (/^Out of Memory/i.test(said))
    return new PlayfoldError(
      `Out of memory: ${said} Ask for fewer rows or columns, or group less finely.`,
      EXIT.disk,
    );
  if (/^(IO|INTERNAL) Error/.test(said)) return translateError(error);
  return new PlayfoldError(`SQL: ${explain(error.message, said, columns, dir)}`, EXIT.usage);
}

function explain(message: string, said: string, columns: Columns, dir: string): string {
  const column = match(message, NO_COLUMN);
  if (column !== undefined) {
    const known = [...new Set([...columns.values()].flat().concat(candidates(message)))];
    return `there is no column '${column}'${suggest(column, known, `playfold query ${dir} "describe engagement" lists them.`)}`;
  }
  const table = match(message, NO_TABLE);
  if (table !== undefined && TABLE_NAMES.some((name) => name === table.toLowerCase()))
    return `there is no table '${table}' in ${dir}; playfold run with --tables ${[...columns.keys(), table].join(',')} writes it.`;
  if (table !== undefined)
    return `there is no table '${table}'${suggest(table, [...columns.keys()], `the tables of ${dir} are ${[...columns.keys()].join(', ')}.`)}`;
  if (/^Parser Error: Expected a single SELECT statement/.test(said))
    return 'expected one SELECT statement: a result is only read.';
  if (/^Permission Error/.test(said))
    return `${said.replace(/ - file system operations.*/, '')}: a query reads the tables of ${dir} and nothing else.`;
  return said
    .replace(/^(Parser|Binder|Catalog|Invalid Input|Conversion) Error: /, '')
    .replace(/([^.!?])$/, '$1.');
}

const match = (message: string, patterns: readonly RegExp[]): string | undefined =>
  patterns.map((pattern) => pattern.exec(message)?.[1]).find((name) => name !== undefined);

/** Names that DuckDB found near: aliases and columns of subqueries, which only it knows. */
function candidates(message: string): string[] {
  const line = /Candidate \w+: (.+)/.exec(message)?.[1] ?? '';
  return [...line.matchAll(/"(?:\w+\.)?([^"]+)"/g)].map((found) => found[1]!);
}

function suggest(name: string, known: readonly string[], otherwise: string): string {
  // Half a name is meant too: scor, totalwatch.
  const isPart = (whole: string): boolean =>
    name.length > 3 && whole.toLowerCase().includes(name.toLowerCase());
  const near = nearestName(name, known) ?? known.find(isPart);
  return near === undefined ? `; ${otherwise}` : `; did you mean '${near}'?`;
}

/** The first line, and the "Did you mean" that follows it; without the SQL, which is wrapped in our own. */
function firstLine(message: string): string {
  const [first = '', ...rest] = message.split('\n').map((line) => line.trim());
  const hint = rest.find((line) => line.startsWith('Did you mean'));
  return hint === undefined ? first : `${first} ${hint}`;
}
