import type { TimeWindow } from './time-window.ts';

/** Milliseconds since 1970-01-01 UTC: from <= t < until. */
interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

const DAY_MS = 86_400_000;
/** Folders are named by local days as often as by UTC's, and an event may arrive a little late. */
const MARGIN_MS = DAY_MS;

const DAY_KEYS = new Set(['date', 'day', 'dt', 'ds', 'eventdate', 'eventday']);

/** The names and values of the Hive folders of a path: year=2026/month=01 gives year and month. */
function hiveParts(path: string): Map<string, string> {
  const pairs = path
    .split('/')
    .slice(0, -1)
    .map((part) => /^([A-Za-z_]+)=(.+)$/.exec(part))
    .filter((match) => match !== null)
    .map(([, key = '', value = '']) => [key.toLowerCase().replaceAll('_', ''), value] as const);
  return new Map(pairs);
}

function spanOf(year: number, month: number, day: number | null): Span | null {
  const fromMs = Date.UTC(year, month - 1, day ?? 1);
  const found = new Date(fromMs);
  if (found.getUTCFullYear() !== year || found.getUTCMonth() !== month - 1) return null;
  return { fromMs, untilMs: day === null ? Date.UTC(year, month, 1) : fromMs + DAY_MS };
}

/** The days that the Hive folders of a path speak of: date=2026-01-05, month=2026-01, year=2026/month=1/day=5. */
export function spanOfFolders(path: string): Span | null {
  const parts = hiveParts(path);
  for (const [key, value] of parts) {
    const [, year, month, day] = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(value) ?? [];
    if (year !== undefined && DAY_KEYS.has(key)) return spanOf(Number(year), Number(month), Number(day));
  }
  const [, monthYear, monthNumber] = /^(\d{4})-?(\d{2})$/.exec(parts.get('month') ?? '') ?? [];
  if (monthYear !== undefined) return spanOf(Number(monthYear), Number(monthNumber), null);
  const number = (key: string, pattern: RegExp): number | null => {
    const value = parts.get(key) ?? '';
    return pattern.test(value) ? Number(value) : null;
  };
  const year = number('year', /^\d{4}$/);
  const month = number('month', /^\d{1,2}$/);
  if (year === null) return null;
  if (month === null) return { fromMs: Date.UTC(year, 0), untilMs: Date.UTC(year + 1, 0) };
  return spanOf(year, month, number('day', /^\d{1,2}$/));
}

/** Tells which paths to read, by their folders: all where `pruneFolders` is off. */
export function pathFilter(
  options: TimeWindow & { readonly pruneFolders: boolean },
): (path: string) => boolean {
  return (path) => !options.pruneFolders || !isOutsideWindow(path, options);
}

/** Whether a path's folders say that it holds no event of the window, a day's margin on either side included. */
export function isOutsideWindow(path: string, { sinceUs, untilUs }: TimeWindow): boolean {
  const span = spanOfFolders(path);
  if (span === null) return false;
  const isBefore = sinceUs !== null && span.untilMs + MARGIN_MS <= Number(sinceUs / 1000n);
  const isBehind = untilUs !== null && span.fromMs - MARGIN_MS >= Number((untilUs + 999n) / 1000n);
  return isBefore || isBehind;
}
