import { normalizeName, type SourceColumn } from '../columns/paths.ts';
import { CLASS_NAMES, type ClassName, normalizeEventName } from '../event-classes.ts';
import { appinsights } from './appinsights.ts';
import type { Dialect } from './dialect.ts';
import { edx } from './edx.ts';
import { html5 } from './html5.ts';
import { playfold } from './playfold.ts';
import { snowplow } from './snowplow.ts';
import { xapi } from './xapi.ts';

/** Every dialect, in the order in which they are tried: a new one is a file here and an entry in this list. */
export const DIALECTS: readonly Dialect[] = [playfold, appinsights, xapi, edx, snowplow, html5];
export const DIALECT_NAMES = DIALECTS.map(({ name }) => name);

/** The columns by which a file is one of ours, whatever else it looks like. */
const OWN_SIGNS = ['timestamp', 'userId', 'sessionId', 'videoId', 'eventName', 'currentTime'];

/** The dialect of that name; for `auto`, the one that the columns of a file are a sign of. */
export function dialectOf(name: string, columns: readonly SourceColumn[]): Dialect {
  return DIALECTS.find((dialect) => dialect.name === name) ?? recogniseDialect(columns);
}

function recogniseDialect(columns: readonly SourceColumn[]): Dialect {
  const names = new Set(columns.map(({ name }) => normalizeName(name)));
  if (OWN_SIGNS.every((sign) => names.has(normalizeName(sign)))) return playfold;
  const has = (sign: string): boolean => names.has(normalizeName(sign));
  return DIALECTS.find(({ signs }) => signs.some((list) => list.every(has))) ?? playfold;
}

/** Event names of each class: the configured ones, and of the dialects named those that have no class yet. */
export function mergeEventNames(
  configured: Readonly<Record<ClassName, readonly string[]>>,
  dialectNames: readonly string[],
): Record<ClassName, string[]> {
  const taken = new Set(CLASS_NAMES.flatMap((name) => configured[name].map(normalizeEventName)));
  const merged = Object.fromEntries(CLASS_NAMES.map((name) => [name, [...configured[name]]])) as Record<
    ClassName,
    string[]
  >;
  for (const { eventNames } of DIALECTS.filter(({ name }) => dialectNames.includes(name))) {
    for (const className of CLASS_NAMES) {
      for (const name of eventNames[className] ?? []) {
        if (taken.has(normalizeEventName(name))) continue;
        taken.add(normalizeEventName(name));
        merged[className].push(name);
      }
    }
  }
  return merged;
}
