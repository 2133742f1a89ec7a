import { FLAGS, TIERS } from '../sink/engagement-sql.ts';
import { TABLE_NAMES } from '../sink/tables/names.ts';
import { ROW_REASONS } from '../source/row-reasons.ts';
import {
  type RunSummary,
  STAGES,
  type StageName,
  type StageSummary,
  type UpdateSummary,
} from '../summary.ts';

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

/** Null where that table was not written. */
const ofTable = (table: string): Figure =>
  plain(({ tables }) => tables.find(({ name }) => name === table)?.rows ?? null);

const ofStage = (stage: StageName, value: (stage: StageSummary) => number): Figure =>
  plain(({ stages }) => {
    const found = stages.find((one) => one.stage === stage);
    return found === undefined ? null : value(found);
  });

/** Null for a run. */
const ofUpdate = (value: (update: UpdateSummary) => number): Figure =>
  plain(({ update }) => (update === undefined ? null : value(update)));

const UPDATE_FIGURES: Readonly<Record<string, (update: UpdateSummary) => number>> = {
  inputs_read: ({ inputs }) => inputs.read,
  inputs_skipped: ({ inputs }) => inputs.skipped,
  inputs_changed: ({ inputs }) => inputs.changed,
  late_events: ({ late }) => late.events,
  late_pairs: ({ late }) => late.pairs,
  rows_changed: ({ rowsChanged }) => rowsChanged,
  files_written: ({ filesWritten }) => filesWritten,
  files_linked: ({ filesLinked }) => filesLinked,
};

/** Figures by `name:member`. */
function family<Member extends string>(
  name: string,
  members: readonly Member[],
  figureOf: (member: Member) => Figure,
): Record<string, Figure> {
  return Object.fromEntries(members.map((member) => [`${name}:${member}`, figureOf(member)]));
}

/** Every number of the summary. */
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
  threads: plain((summary) => summary.threads),
  memory_bytes: plain((summary) => summary.memoryBytes),
  ...family('rows', TABLE_NAMES, (table) => ofTable(table)),
  ...family('seconds', STAGES, (stage) => ofStage(stage, ({ seconds }) => seconds)),
  ...family('cpu_seconds', STAGES, (stage) => ofStage(stage, ({ cpuSeconds }) => cpuSeconds)),
  ...family('stage_rows', STAGES, (stage) => ofStage(stage, ({ rows }) => rows)),
  ...family('rows_per_second', STAGES, (stage) => ofStage(stage, ({ rowsPerSecond }) => rowsPerSecond)),
  ...family('update', Object.keys(UPDATE_FIGURES), (name) => ofUpdate(UPDATE_FIGURES[name]!)),
  ...family('invalid', ROW_REASONS, (reason) =>
    plain(({ events }) => events.invalidByReason[reason] ?? 0, 'read'),
  ),
  ...family('tier', TIERS, (tier) => ({
    ...plain(({ result }) => result.tiers[tier] ?? 0, 'rows'),
    query: `"select * from engagement where engagementTier = '${tier}' limit 20"`,
  })),
  ...family('flag', ['ok', ...FLAGS], (flag) => ({
    ...plain(({ result }) => result.flags[flag] ?? 0, 'rows'),
    query:
      flag === 'ok'
        ? '--ready suspicious'
        : `"select * from engagement where list_contains(dataQualityFlags, '${flag}') limit 20"`,
  })),
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
