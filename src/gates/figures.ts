import { FLAGS, TIERS } from '../sink/engagement-sql.ts';
import { ROW_REASONS } from '../source/row-reasons.ts';
import type { RunSummary } from '../summary.ts';

/** A figure of the summary that a gate may name. */
export interface Figure {
  /** Null where the summary has none, as for a median of no rows. */
  readonly value: (summary: RunSummary) => number | null;
  /** What a percentage is a share of; null where that makes no sense. */
  readonly whole: Whole | null;
  /** Arguments of playfold that show what is behind the figure, where rows of the result do. */
  readonly query?: string;
}

type Whole = 'read' | 'kept' | 'rows';

const WHOLES: Readonly<Record<Whole, (summary: RunSummary) => number>> = {
  read: ({ events }) => events.read,
  kept: ({ events }) => events.kept,
  rows: ({ result }) => result.rows,
};

const quartile = (index: number): Figure => ({
  value: ({ result }) => result.watchPercentageQuartiles?.[index] ?? null,
  whole: null,
});

const plain = (value: Figure['value'], whole: Whole | null = null): Figure => ({ value, whole });

/** Families come as `family:name`. */
const FIGURES: Readonly<Record<string, Figure>> = {
  read: plain(({ events }) => events.read),
  kept: plain(({ events }) => events.kept, 'read'),
  invalid: plain(({ events }) => events.invalid, 'read'),
  folded: plain(({ events }) => events.folded, 'kept'),
  duplicates: plain(({ events }) => events.duplicates, 'kept'),
  rows: plain(({ result }) => result.rows),
  users: plain(({ result }) => result.users),
  videos: plain(({ result }) => result.videos),
  watch_hours: plain(({ result }) => result.totalWatchSeconds / 3600),
  'watch_percentage:q1': quartile(0),
  'watch_percentage:median': quartile(1),
  'watch_percentage:q3': quartile(2),
  files: plain((summary) => summary.files),
  bytes: plain((summary) => summary.bytes),
  spilled_bytes: plain((summary) => summary.spilledBytes),
  peak_rss_bytes: plain((summary) => summary.peakRssBytes),
  seconds: plain((summary) => summary.seconds),
  ...Object.fromEntries(
    ROW_REASONS.map((reason) => [
      `invalid:${reason}`,
      plain(({ events }) => events.invalidByReason[reason] ?? 0, 'read'),
    ]),
  ),
  ...Object.fromEntries(
    TIERS.map((tier) => [
      `tier:${tier}`,
      {
        ...plain(({ result }) => result.tiers[tier] ?? 0, 'rows'),
        query: `"select * from engagement where engagementTier = '${tier}' limit 20"`,
      },
    ]),
  ),
  ...Object.fromEntries(
    ['ok', ...FLAGS].map((flag) => [
      `flag:${flag}`,
      {
        ...plain(({ result }) => result.flags[flag] ?? 0, 'rows'),
        query:
          flag === 'ok'
            ? '--ready suspicious'
            : `"select * from engagement where list_contains(dataQualityFlags, '${flag}') limit 20"`,
      },
    ]),
  ),
};

/** Every name that a gate may begin with; `unknown_event:` takes any event name. */
export const FIGURE_NAMES: readonly string[] = [...Object.keys(FIGURES), 'unknown_event:NAME'];

/** The figure of that name, matched without case; undefined where there is none. */
export function findFigure(name: string): Figure | undefined {
  const [, event] = /^unknown_event:(.+)$/i.exec(name) ?? [];
  if (event !== undefined) return plain(({ events }) => events.unknownEventNames[event] ?? 0, 'read');
  return Object.entries(FIGURES).find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1];
}

/** The number that a percentage of the figure is a share of, and its name. */
export function wholeOf({ whole }: Figure, summary: RunSummary): { count: number; name: string } | null {
  return whole === null ? null : { count: WHOLES[whole](summary), name: whole };
}
