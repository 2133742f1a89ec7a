import type { Config } from '../config/schema.ts';
import { quoteText } from '../duckdb.ts';
import { enumSql } from './dictionaries.ts';
import { FOLDED_TABLE } from './folded-table.ts';

/** The data quality flags of SPEC.md section 4, in order: flag i is bit i of a row's mask. */
export const FLAGS = [
  'position_exceeds_duration',
  'excessive_watch_time',
  'completed_without_sufficient_watch',
  'implausible_segment',
  'very_short_watch',
  'unknown_duration',
] as const;

/** A column of the result: its name and the SQL that computes it. */
export type OutputColumn = readonly [name: string, sql: string];

/** Engagement tiers, the highest first. */
export const TIERS = ['High', 'Medium', 'Low', 'Minimal'];

/** round(x, 2) as DuckDB's own gives it, at half its cost. */
const round2 = (sql: string): string => `round((${sql}) * 100) / 100`;

/** At most 100, and null for null, which least() would pass over. */
const percentCap = (sql: string): string => `CASE WHEN ${sql} > 1e2 THEN 1e2 ELSE ${sql} END`;

/** A number as a DOUBLE literal: 0.01 would be a DECIMAL, and DECIMAL times BIGINT goes through HUGEINT. */
const double = (value: number): string => `${value.toExponential()}`;

function scoreSql({ engagement }: Config, uniqueSeconds: boolean): string {
  if (engagement.formula === 'points') {
    const { perMinute, perCompletion, perSession, perSkip } = engagement.points;
    return `W / 6e1 * ${double(perMinute)} + ${double(perCompletion)} * completionCount
      + ${double(perSession)} * sessionCount - ${double(perSkip)} * skips`;
  }
  const { uniqueWeight, reachWeight, watchWeight, skipPenalty, maxSkipPenalty } = engagement.normalized;
  const watched = 'least(1e0, W / D)';
  return `greatest(0e0, ${double(uniqueWeight)} * ${uniqueSeconds ? 'least(1e0, U / D)' : watched}
    + ${double(reachWeight)} * least(1e0, M / D) + ${double(watchWeight)} * ${watched}
    - least(${double(maxSkipPenalty)}, ${double(skipPenalty)} * skips))`;
}

/** SQL for each tier. */
const TIER = Object.fromEntries(TIERS.map((tier) => [tier, `'${tier}'::${enumSql(TIERS)}`]));

function tierSql({ engagement }: Config): string {
  const points = engagement.formula === 'points';
  const { high, medium, low } = points ? engagement.points.tiers : engagement.normalized.tiers;
  const from = points ? '>' : '>=';
  return `CASE WHEN D IS NULL THEN ${TIER.Minimal} WHEN score ${from} ${double(high)} THEN ${TIER.High}
    WHEN score ${from} ${double(medium)} THEN ${TIER.Medium} WHEN score ${from} ${double(low)} THEN ${TIER.Low}
    ELSE ${TIER.Minimal} END`;
}

function maskSql(config: Config, uniqueSeconds: boolean): string {
  const sufficient = uniqueSeconds ? 'uniqueWatchPercentage' : 'watchPercentage';
  const conditions: Record<(typeof FLAGS)[number], string> = {
    position_exceeds_duration: `source = 'metadata' AND M > D + ${double(config.positionToleranceSeconds)}`,
    excessive_watch_time: `W > ${double(config.excessiveWatchRatio)} * D * sessionCount`,
    completed_without_sufficient_watch: `completionCount > 0 AND ${sufficient} < ${double(config.sufficientWatchPercent)}`,
    implausible_segment: 'rejectedCount > 0',
    very_short_watch: `W < ${double(config.shortWatchSeconds)}`,
    unknown_duration: 'D IS NULL',
  };
  return FLAGS.map((flag, bit) => `CASE WHEN ${conditions[flag]} THEN ${1 << bit} ELSE 0 END`).join(' + ');
}

/** One row for each combination of flags: looking a mask up costs half of building its list. */
function flagTableSql(): string {
  const flag = enumSql(['ok', ...FLAGS]);
  const rows = Array.from({ length: 1 << FLAGS.length }, (_, mask) => {
    const flags = FLAGS.filter((_flag, bit) => mask & (1 << bit));
    return `(${mask}, ${quoteText(flags[0] ?? 'ok')}::${flag}, [${flags.map(quoteText).join(', ')}]::${flag}[])`;
  });
  return `(VALUES ${rows.join(', ')}) AS flags(mask, flag, flagList)`;
}

/** The columns of SPEC.md section 4, in their order. W, U, M, D are its letters, in seconds. */
export function outputColumns(uniqueSeconds: boolean): readonly OutputColumn[] {
  return [
    ['userId', 'userId'],
    ['videoId', 'videoId'],
    ['videoTitle', 'videoTitle'],
    ['videoDuration', 'D'],
    ['durationSource', 'source'],
    ['totalWatchTime', 'W'],
    ['totalUniqueSecondsWatched', 'U'],
    ['maxPositionReached', 'M'],
    ['watchPercentage', 'watchPercentage'],
    ['completionPercentage', percentCap(round2('1e2 * M / D'))],
    ['uniqueWatchPercentage', 'uniqueWatchPercentage'],
    ['sessionCount', 'sessionCount::BIGINT'],
    ['avgWatchTimePerSession', 'W / sessionCount'],
    ['avgSessionDuration', 'sessionDurationUs / 1e6 / sessionCount'],
    ['totalPauses', 'pauseCount::BIGINT'],
    ['avgPausesPerSession', 'pauseCount / sessionCount'],
    ['totalForwardSkips', 'forwardSkipCount::BIGINT'],
    ['totalBackwardSkips', 'backwardSkipCount::BIGINT'],
    ['replayCount', 'replayCount::BIGINT'],
    ['completionCount', 'completionCount::BIGINT'],
    ['isCompletedAtLeastOnce', 'completionCount > 0'],
    ['isReplay', 'sessionCount > 1'],
    ['engagementScore', 'score'],
    ['engagementTier', 'tier'],
    ['firstWatchDate', 'make_timestamptz(firstTimestampUs)'],
    ['lastWatchDate', 'make_timestamptz(lastTimestampUs)'],
    ['eventCount', 'eventCount::BIGINT'],
    ['duplicateEventCount', 'duplicateCount::BIGINT'],
    ['segmentCount', 'segmentCount::BIGINT'],
    ['rejectedSegmentCount', 'rejectedCount::BIGINT'],
    ['unclosedSegmentCount', 'unclosedCount::BIGINT'],
    ['dataQualityFlag', 'flag'],
    ['dataQualityFlags', 'flagList'],
    ['watchedRanges', uniqueSeconds ? 'ranges' : 'NULL::STRUCT("start" DOUBLE, "end" DOUBLE)[]'],
  ];
}

/** Which rows the result is made of, and what stands beside its columns. */
export interface ResultRows {
  /** SQL for a table of folded rows. */
  readonly rows?: string;
  /** A table (hash, id) of their users. */
  readonly users?: string;
  /** SQL for which of them, or null for all. */
  readonly condition?: string | null;
  /** A column behind those of the specification. */
  readonly partition?: OutputColumn | null;
}

/** SQL for the result: the columns of SPEC.md section 4, then the partition column, if any. */
export function engagementSql(
  config: Config,
  uniqueSeconds: boolean,
  { rows = `${FOLDED_TABLE}()`, users = 'users', partition = null, condition = null }: ResultRows,
): string {
  const columns = [...outputColumns(uniqueSeconds), ...(partition === null ? [] : [partition])];
  return `
    WITH measured AS (
      SELECT folded.*, users.id AS userId, durations.id AS videoId, durations.title AS videoTitle,
        durations.duration AS D, durations.source, watchUs / 1e6 AS W,
        ${uniqueSeconds ? 'uniqueUs / 1e6' : 'NULL::DOUBLE'} AS U, maxPositionUs / 1e6 AS M,
        forwardSkipCount + backwardSkipCount AS skips
      FROM ${rows} AS folded
      LEFT JOIN ${users} AS users ON users.hash = folded.userHash
      LEFT JOIN durations ON durations.hash = folded.videoHash
      ${condition === null ? '' : `WHERE ${condition}`}
    ), rated AS (
      SELECT *, ${round2('1e2 * W / D')} AS watchPercentage,
        ${percentCap(round2('1e2 * U / D'))} AS uniqueWatchPercentage,
        CASE WHEN D IS NOT NULL THEN ${round2(scoreSql(config, uniqueSeconds))} END AS score
      FROM measured
    ), judged AS (
      SELECT *, ${tierSql(config)} AS tier, ${maskSql(config, uniqueSeconds)} AS mask FROM rated
    )
    SELECT ${columns.map(([name, sql]) => `${sql} AS "${name}"`).join(', ')}
    FROM judged JOIN ${flagTableSql()} ON flags.mask = judged.mask`;
}
