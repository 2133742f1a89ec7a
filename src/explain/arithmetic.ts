import type { Config } from '../config/schema.ts';
import { FLAGS } from '../sink/engagement-sql.ts';

/** A row of the result by its columns. */
export type Row = Readonly<Record<string, unknown>>;

/** How a column came to its value. */
export interface Arithmetic {
  readonly column: string;
  readonly value: unknown;
  readonly formula: string;
}

/** Whether a flag holds, and the comparison that decides it. */
export interface FlagReason {
  readonly flag: string;
  readonly holds: boolean;
  readonly because: string;
}

const text = (value: unknown): string => (value === null ? 'unknown' : String(Number(value)));

/** The arithmetic of the columns that are computed from others: SPEC.md section 4 with the numbers put in. */
export function explainColumns(row: Row, config: Config): Arithmetic[] {
  const { totalWatchTime: W, totalUniqueSecondsWatched: U, maxPositionReached: M, videoDuration: D } = row;
  const percent = (part: unknown, capped: boolean): string =>
    D === null
      ? 'the duration is unknown'
      : `100 x ${text(part)} / ${text(D)}${capped ? ', at most 100' : ''}`;
  const unique = U === null ? 'unique seconds are off' : percent(U, true);
  const formulas: Record<string, string> = {
    watchPercentage: percent(W, false),
    completionPercentage: percent(M, true),
    uniqueWatchPercentage: unique,
    avgWatchTimePerSession: `${text(W)} / ${text(row.sessionCount)}`,
    avgPausesPerSession: `${text(row.totalPauses)} / ${text(row.sessionCount)}`,
    engagementScore: scoreFormula(row, config),
    engagementTier: tierFormula(row, config),
  };
  return Object.entries(formulas).map(([column, formula]) => ({ column, value: row[column], formula }));
}

function scoreFormula(row: Row, { engagement }: Config): string {
  const { totalWatchTime: W, maxPositionReached: M, videoDuration: D } = row;
  if (D === null) return 'the duration is unknown';
  const skips = Number(row.totalForwardSkips) + Number(row.totalBackwardSkips);
  if (engagement.formula === 'points') {
    const { perMinute, perCompletion, perSession, perSkip } = engagement.points;
    return (
      `${text(W)} / 60 x ${perMinute} + ${perCompletion} x ${text(row.completionCount)} completions ` +
      `+ ${perSession} x ${text(row.sessionCount)} visits - ${perSkip} x ${skips} skips`
    );
  }
  const { uniqueWeight, reachWeight, watchWeight, skipPenalty, maxSkipPenalty } = engagement.normalized;
  const share = (part: unknown): string => `min(1, ${text(part)} / ${text(D)})`;
  const U = row.totalUniqueSecondsWatched ?? W;
  return (
    `${uniqueWeight} x ${share(U)} + ${reachWeight} x ${share(M)} + ${watchWeight} x ${share(W)} ` +
    `- min(${maxSkipPenalty}, ${skipPenalty} x ${skips} skips), at least 0`
  );
}

function tierFormula(row: Row, { engagement }: Config): string {
  if (row.engagementScore === null) return 'without a score it is Minimal';
  const points = engagement.formula === 'points';
  const { high, medium, low } = points ? engagement.points.tiers : engagement.normalized.tiers;
  return `High ${points ? 'above' : 'from'} ${high}, Medium ${medium}, Low ${low}, else Minimal`;
}

/** Each flag with the comparison that decides it. */
export function explainFlags(row: Row, config: Config): FlagReason[] {
  const { totalWatchTime: W, maxPositionReached: M, videoDuration: D, sessionCount } = row;
  const holding = (row.dataQualityFlags ?? []) as readonly string[];
  const unique = row.totalUniqueSecondsWatched !== null;
  const watched = unique ? row.uniqueWatchPercentage : row.watchPercentage;
  const { positionToleranceSeconds, excessiveWatchRatio, sufficientWatchPercent, shortWatchSeconds } = config;
  const reasons: Record<(typeof FLAGS)[number], string> = {
    position_exceeds_duration:
      row.durationSource === 'metadata'
        ? `the largest position ${text(M)} against ${text(D)} + ${positionToleranceSeconds}`
        : 'only a duration from the metadata can be exceeded',
    excessive_watch_time: `${text(W)} s watched against ${excessiveWatchRatio} x ${text(D)} x ${text(sessionCount)} visits`,
    completed_without_sufficient_watch: `${text(row.completionCount)} completions, ${text(watched)} % watched against ${sufficientWatchPercent} %`,
    implausible_segment: `${text(row.rejectedSegmentCount)} rejected segments`,
    very_short_watch: `${text(W)} s watched against ${shortWatchSeconds} s`,
    unknown_duration: `the duration is ${String(row.durationSource)}`,
  };
  return FLAGS.map((flag) => ({ flag, holds: holding.includes(flag), because: reasons[flag] }));
}
