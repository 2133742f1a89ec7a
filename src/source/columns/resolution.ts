import type { Dialect } from '../dialects/dialect.ts';
import {
  EVENT_COLUMNS,
  EVENT_SPELLINGS,
  type EventColumn,
  type MissingColumn,
  matchName,
  missingColumn,
  type NameSearch,
} from './names.ts';
import { type ColumnValue, parsePath, resolvePath, type SourceColumn } from './paths.ts';

/** What a column is read from; of several values, the first that is there counts in each row. */
export interface Resolution {
  readonly values: readonly ColumnValue[];
  readonly why: string;
  /** Found by a common name, which may also be that of an object with the value inside. */
  readonly isLikely?: boolean;
}

export type Resolutions = Map<EventColumn, Resolution>;

/** The first column that must be there and is not, for missingColumn. */
export function findMissing(resolutions: Resolutions): MissingColumn | undefined {
  const target = EVENT_COLUMNS.find((column) => column !== 'fromTime' && !resolutions.has(column));
  if (target === undefined) return undefined;
  const taken = [...resolutions.values()].flatMap(({ values }) => values.map(({ path }) => path));
  return { target, spellings: EVENT_SPELLINGS[target], taken };
}

/**
 * What each column is read from: as `configured`, else as the dialect says, else by its name. Throws a
 * PlayfoldError (input) for a configured path that leads nowhere and for a name that fits two columns.
 */
export function resolveColumns(
  search: NameSearch,
  dialect: Dialect,
  configured: Partial<Record<EventColumn, string | undefined>>,
): Resolutions {
  const resolutions: Resolutions = new Map();
  for (const column of EVENT_COLUMNS) {
    const found =
      resolveConfigured(search, column, configured[column]) ??
      resolveDialect(search.columns, dialect, column) ??
      resolveByName(search, column, resolutions.get('currentTime'));
    if (found !== undefined && found.values.length > 0) resolutions.set(column, found);
  }
  return resolutions;
}

/** Only fromTime may be missing from a file where the configuration names it: old files often lack it. */
function resolveConfigured(
  search: NameSearch,
  column: EventColumn,
  path: string | undefined,
): Resolution | undefined {
  if (path === undefined) return undefined;
  const steps = parsePath(path);
  // A column may have points in its name.
  const value = resolvePath(search.columns, [path]) ?? (steps && resolvePath(search.columns, steps));
  if (value != null) return { values: [value], why: 'as configured' };
  if (column === 'fromTime') return { values: [], why: '' };
  throw missingColumn(search, { target: column, spellings: EVENT_SPELLINGS[column], configured: path });
}

function resolveDialect(
  columns: readonly SourceColumn[],
  dialect: Dialect,
  column: EventColumn,
): Resolution | undefined {
  // Without shapes: which keys the first rows hold must not decide what later rows mean.
  const shapeless = columns.map((one) => ({ ...one, shape: null }));
  const values = new Map<string, ColumnValue>();
  for (const path of dialect.columns[column] ?? []) {
    const value = resolvePath(shapeless, parsePath(path) ?? [path]);
    if (value !== undefined) values.set(`${value.sql} ${value.jsonPath}`, value);
  }
  return values.size === 0 ? undefined : { values: [...values.values()], why: `dialect ${dialect.name}` };
}

/** fromTime is optional, so inside other columns it is looked for only beside currentTime. */
function resolveByName(
  search: NameSearch,
  column: EventColumn,
  currentTime: Resolution | undefined,
): Resolution | undefined {
  const match = matchName(search, column, EVENT_SPELLINGS[column]);
  if (match === undefined) return undefined;
  const value = resolvePath(search.columns, match.steps);
  if (value === undefined) return undefined;
  const isBeside = currentTime?.values.some((other) => other.column === value.column);
  if (column === 'fromTime' && match.steps.length > 1 && isBeside !== true) return undefined;
  return { values: [value], why: match.why, isLikely: !match.isOwn };
}
