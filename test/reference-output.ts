import type { Config } from '../src/config/schema.ts';
import type { PairRow } from '../src/kernel/reference.ts';

export interface VideoMetadata {
  readonly duration: number | null;
  readonly title: string | null;
}

const round2 = (value: number): number => {
  const scaled = value * 100;
  return (Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5)) / 100;
};

function scoreOf(
  row: PairRow,
  { engagement }: Config,
  W: number,
  U: number | null,
  M: number,
  D: number,
): number {
  const skips = row.forwardSkipCount + row.backwardSkipCount;
  if (engagement.formula === 'points') {
    const { perMinute, perCompletion, perSession, perSkip } = engagement.points;
    return round2(
      (W / 60) * perMinute +
        perCompletion * row.completionCount +
        perSession * row.sessionCount -
        perSkip * skips,
    );
  }
  const { uniqueWeight, reachWeight, watchWeight, skipPenalty, maxSkipPenalty } = engagement.normalized;
  const w = Math.min(1, W / D);
  const u = U === null ? w : Math.min(1, U / D);
  const sum = uniqueWeight * u + reachWeight * Math.min(1, M / D) + watchWeight * w;
  return round2(Math.max(0, sum - Math.min(maxSkipPenalty, skipPenalty * skips)));
}

function tierOf(score: number | null, { engagement }: Config): string {
  if (score === null) return 'Minimal';
  const points = engagement.formula === 'points';
  const { high, medium, low } = points ? engagement.points.tiers : engagement.normalized.tiers;
  const reaches = (limit: number): boolean => (points ? score > limit : score >= limit);
  return reaches(high) ? 'High' : reaches(medium) ? 'Medium' : reaches(low) ? 'Low' : 'Minimal';
}

/** SPEC.md sections 4 and 5 in plain code: folded rows to the columns of the result, in their order. */
export function finishRows(
  rows: readonly PairRow[],
  videos: ReadonlyMap<string, VideoMetadata>,
  config: Config,
  uniqueSeconds = true,
): Record<string, unknown>[] {
  return rows.map((row) => {
    const { title = null, duration = null } = videos.get(row.videoId) ?? {};
    const listed = duration !== null && duration > 0 && Number.isFinite(duration) ? duration : null;
    const ends = rows
      .filter((other) => other.videoId === row.videoId)
      .map((other) => Number(other.maxCreditedEndUs));
    const estimate = Math.max(...ends) / 1e6 || null;
    const D = listed ?? estimate;
    const W = Number(row.watchUs) / 1e6;
    const U = uniqueSeconds ? Number(row.uniqueUs) / 1e6 : null;
    const M = Number(row.maxPositionUs) / 1e6;
    const percentOf = (part: number | null): number | null =>
      D === null || part === null ? null : round2((100 * part) / D);
    const capped = (percent: number | null): number | null =>
      percent === null ? null : Math.min(100, percent);
    const watchPercentage = percentOf(W);
    const uniqueWatchPercentage = capped(percentOf(U));
    const score = D === null ? null : scoreOf(row, config, W, U, M, D);
    const sufficient = uniqueSeconds ? uniqueWatchPercentage : watchPercentage;
    const flags = Object.entries({
      position_exceeds_duration: listed !== null && M > listed + config.positionToleranceSeconds,
      excessive_watch_time: D !== null && W > config.excessiveWatchRatio * D * row.sessionCount,
      completed_without_sufficient_watch:
        row.completionCount > 0 && sufficient !== null && sufficient < config.sufficientWatchPercent,
      implausible_segment: row.rejectedCount > 0,
      very_short_watch: W < config.shortWatchSeconds,
      unknown_duration: D === null,
    }).flatMap(([flag, holds]) => (holds ? [flag] : []));
    return {
      userId: row.userId,
      videoId: row.videoId,
      videoTitle: title,
      videoDuration: D,
      durationSource: listed !== null ? 'metadata' : D !== null ? 'estimated' : 'unknown',
      totalWatchTime: W,
      totalUniqueSecondsWatched: U,
      maxPositionReached: M,
      watchPercentage,
      completionPercentage: capped(percentOf(M)),
      uniqueWatchPercentage,
      sessionCount: row.sessionCount,
      avgWatchTimePerSession: W / row.sessionCount,
      avgSessionDuration: Number(row.sessionDurationUs) / 1e6 / row.sessionCount,
      totalPauses: row.pauseCount,
      avgPausesPerSession: row.pauseCount / row.sessionCount,
      totalForwardSkips: row.forwardSkipCount,
      totalBackwardSkips: row.backwardSkipCount,
      replayCount: row.replayCount,
      completionCount: row.completionCount,
      isCompletedAtLeastOnce: row.completionCount > 0,
      isReplay: row.sessionCount > 1,
      engagementScore: score,
      engagementTier: tierOf(score, config),
      firstWatchDate: String(row.firstTimestampUs),
      lastWatchDate: String(row.lastTimestampUs),
      eventCount: row.eventCount,
      duplicateEventCount: row.duplicateCount,
      segmentCount: row.segmentCount,
      rejectedSegmentCount: row.rejectedCount,
      unclosedSegmentCount: row.unclosedCount,
      dataQualityFlag: flags[0] ?? 'ok',
      dataQualityFlags: flags,
      watchedRanges: uniqueSeconds
        ? row.ranges.map(([start, end]) => ({ start: Number(start) / 1e6, end: Number(end) / 1e6 }))
        : null,
    };
  });
}
