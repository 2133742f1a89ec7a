import { quoteName, quoteText } from '../../sql-text.ts';
import { type ColumnType, parseColumnType } from './types.ts';

/** A column of a file: the type it is read with, and what is known of the fields inside it. */
export interface SourceColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Fields of a text column that holds JSON, where they are known. */
  readonly shape: ColumnType | null;
}

/** A value inside a row: a column, a field of it, or a path into its JSON text. */
export interface ColumnValue {
  /** As a user would write it after `--columns name=`. */
  readonly path: string;
  /** The top-level column that must be read. */
  readonly column: string;
  /** SQL of the column or field. */
  readonly sql: string;
  /** A JSONPath into the text that `sql` gives, or null for the value itself. */
  readonly jsonPath: string | null;
  /** DuckDB's name of the value's type; VARCHAR for what comes out of JSON. */
  readonly type: string;
}

export type PathStep = string | number;

/** Reads `a.b`, `a."b.c"` and `a[0].b`; null for what is no path. Positions in lists count from 0. */
export function parsePath(text: string): PathStep[] | null {
  const steps: PathStep[] = [];
  const step = /\s*(?:"((?:[^"]|"")+)"|\[(\d+)\]|([^."[\]]+))\s*/y;
  while (step.lastIndex < text.length) {
    if (steps.length > 0 && text[step.lastIndex] === '.') step.lastIndex++;
    else if (steps.length > 0 && text[step.lastIndex] !== '[') return null;
    const match = step.exec(text);
    if (match === null) return null;
    const [, quoted, index, plain] = match;
    steps.push(index === undefined ? (quoted?.replaceAll('""', '"') ?? plain!.trim()) : Number(index));
  }
  // DuckDB takes a star for a wildcard, in quotes too.
  return typeof steps[0] === 'string' && !text.includes('*') ? steps : null;
}

/** The text that parsePath reads back to these steps. */
export function formatPath(steps: readonly PathStep[]): string {
  return steps
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`;
      const name = /^[^."[\]=,\s]+$/.test(step) ? step : `"${step.replaceAll('"', '""')}"`;
      return i === 0 ? name : `.${name}`;
    })
    .join('');
}

/** The form in which names are compared: without case, underscores, hyphens, points and spaces. */
export function normalizeName(name: string): string {
  return name.toLowerCase().replaceAll(/[_\-. ]/g, '');
}

/** The entry of exactly this name, else the only one that is the same without case and underscores. */
export function findByName<Named extends { readonly name: string }>(
  entries: readonly Named[],
  name: string,
): Named | undefined {
  const exact = entries.find((entry) => entry.name === name);
  if (exact !== undefined) return exact;
  const alike = entries.filter((entry) => normalizeName(entry.name) === normalizeName(name));
  return alike.length === 1 ? alike[0] : undefined;
}

/** The value at a path, or undefined where the columns have none. A key of JSON text is taken to be there. */
export function resolvePath(
  columns: readonly SourceColumn[],
  steps: readonly PathStep[],
): ColumnValue | undefined {
  const column = findByName(columns, String(steps[0]));
  if (column === undefined) return undefined;
  let { type } = column;
  let sql = quoteName(column.name);
  const taken: PathStep[] = [column.name];
  for (let i = 1; i < steps.length; i++) {
    const step = steps[i]!;
    if (type.kind === 'scalar') {
      if (type.name !== 'VARCHAR' && type.name !== 'JSON') return undefined;
      const inside = i === 1 ? spellKeys(column.shape, steps.slice(i)) : steps.slice(i);
      const path = formatPath([...taken, ...inside]);
      return { path, column: column.name, sql, jsonPath: toJsonPath(inside), type: 'VARCHAR' };
    }
    if (type.kind === 'list') {
      if (typeof step !== 'number') return undefined;
      sql = `list_extract(${sql}, ${step + 1})`;
      type = type.element;
      taken.push(step);
    } else if (type.kind === 'map') {
      sql = `map_extract_value(${sql}, ${quoteText(String(step))})`;
      type = type.value;
      taken.push(String(step));
    } else {
      const field = findByName(type.fields, String(step));
      if (field === undefined) return undefined;
      sql = `struct_extract(${sql}, ${quoteText(field.name)})`;
      type = field.type;
      taken.push(field.name);
    }
  }
  if (type.kind !== 'scalar') return undefined;
  return { path: formatPath(taken), column: column.name, sql, jsonPath: null, type: type.name };
}

/** The steps with the spelling of the keys that are known; what is not known stays as it is. */
function spellKeys(shape: ColumnType | null, steps: readonly PathStep[]): PathStep[] {
  let at = shape;
  return steps.map((step) => {
    if (at?.kind === 'list') {
      at = at.element;
      return step;
    }
    const field = at?.kind === 'struct' ? findByName(at.fields, String(step)) : undefined;
    at = field?.type ?? null;
    return field?.name ?? step;
  });
}

function toJsonPath(steps: readonly PathStep[]): string {
  const parts = steps.map((step) =>
    typeof step === 'number' ? `[${step}]` : `."${step.replaceAll('"', '\\"')}"`,
  );
  return `$${parts.join('')}`;
}

/** Paths of all scalar values of the columns: themselves, or fields inside them. */
export function listPaths(columns: readonly SourceColumn[], maxDepth = 4): PathStep[][] {
  const paths: PathStep[][] = [];
  const visit = (type: ColumnType, steps: PathStep[]): void => {
    if (type.kind === 'scalar') paths.push(steps);
    if (type.kind !== 'struct' || steps.length > maxDepth) return;
    for (const field of type.fields) visit(field.type, [...steps, field.name]);
  };
  for (const { name, type, shape } of columns) visit(shape ?? type, [name]);
  return paths;
}

/** Columns as they are read: NDJSON as text, where the types that were found are the shape of the JSON. */
export function toSourceColumns(
  described: readonly { readonly name: string; readonly type: string }[],
  readAsText: boolean,
): SourceColumn[] {
  return described.map(({ name, type: text }) => {
    const type = parseColumnType(text);
    if (!readAsText) return { name, type, shape: null };
    const isNested = type.kind === 'struct' || type.kind === 'list';
    return { name, type: { kind: 'scalar', name: 'VARCHAR' }, shape: isNested ? type : null };
  });
}
