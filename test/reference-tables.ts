import type { PlayRow, ReferenceRecords } from '../src/kernel/reference.ts';

const seconds = (us: bigint): number => Number(us) / 1e6;

/** The sessions table in plain code, without sessionKey, which is a hash. */
export function sessionRows({ visits }: ReferenceRecords): Record<string, unknown>[] {
  return visits.map((visit) => ({
    userId: visit.userId,
    videoId: visit.videoId,
    visit: visit.visit,
    firstTimestamp: String(visit.firstTimestampUs),
    lastTimestamp: String(visit.lastTimestampUs),
    sessionDuration: seconds(visit.lastTimestampUs - visit.firstTimestampUs),
    watchTime: seconds(visit.watchUs),
    uniqueSecondsWatched: seconds(visit.uniqueUs),
    maxPositionReached: seconds(visit.maxPositionUs),
    pauses: visit.pauseCount,
    forwardSkips: visit.forwardSkipCount,
    backwardSkips: visit.backwardSkipCount,
    replays: visit.replayCount,
    isCompleted: visit.completed > 0,
    eventCount: visit.eventCount,
    duplicateEventCount: visit.duplicateCount,
    segmentCount: visit.segmentCount,
    rejectedSegmentCount: visit.rejectedCount,
    unclosedSegmentCount: visit.unclosedCount,
  }));
}

/** The segments table in plain code, without sessionKey. */
export function segmentRows({ plays }: ReferenceRecords): Record<string, unknown>[] {
  return plays.map((play) => ({
    userId: play.userId,
    videoId: play.videoId,
    visit: play.visit,
    startPosition: seconds(play.startUs),
    endPosition: seconds(play.endUs),
    startTimestamp: String(play.firstTimestampUs),
    endTimestamp: String(play.lastTimestampUs),
  }));
}

const isTrue = (value: unknown): boolean => value === true;
const numbers = (rows: readonly Record<string, unknown>[], column: string): number[] =>
  rows.map((row) => row[column]).filter((value): value is number => typeof value === 'number');
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return low === undefined || high === undefined ? null : low + (high - low) * (middle % 1);
}

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : sum(values.map((value) => Math.round(value * 100))) / values.length / 100;

/** The videos table in plain code, from the rows of engagement. */
export function videoRows(engagement: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  const ids = [...new Set(engagement.map((row) => String(row.videoId)))].sort();
  return ids.map((videoId) => {
    const rows = engagement.filter((row) => row.videoId === videoId);
    const share = (holds: (row: Record<string, unknown>) => boolean): number =>
      rows.filter(holds).length / rows.length;
    const total = (column: string): number => sum(numbers(rows, column));
    const totalSeconds = (column: string): number =>
      sum(numbers(rows, column).map((value) => Math.round(value * 1e6))) / 1e6;
    const lastSeconds = rows
      .filter((row) => !isTrue(row.isCompletedAtLeastOnce))
      .flatMap((row) => (row.watchedRanges as { end: number }[]).slice(-1).map(({ end }) => end));
    const dates = (column: string): bigint[] =>
      rows.map((row) => BigInt(String(row[column]))).sort((a, b) => (a < b ? -1 : 1));
    return {
      videoId,
      videoTitle: rows[0]!.videoTitle,
      videoDuration: rows[0]!.videoDuration,
      durationSource: rows[0]!.durationSource,
      viewers: rows.length,
      sessionCount: total('sessionCount'),
      totalWatchTime: totalSeconds('totalWatchTime'),
      totalUniqueSecondsWatched: totalSeconds('totalUniqueSecondsWatched'),
      medianWatchTime: median(numbers(rows, 'totalWatchTime')),
      avgWatchPercentage: mean(numbers(rows, 'watchPercentage')),
      avgCompletionPercentage: mean(numbers(rows, 'completionPercentage')),
      avgUniqueWatchPercentage: mean(numbers(rows, 'uniqueWatchPercentage')),
      avgEngagementScore: mean(numbers(rows, 'engagementScore')),
      completionRate: share((row) => isTrue(row.isCompletedAtLeastOnce)),
      replayRate: share((row) => isTrue(row.isReplay)),
      avgForwardSkips: total('totalForwardSkips') / rows.length,
      avgBackwardSkips: total('totalBackwardSkips') / rows.length,
      avgPauses: total('totalPauses') / rows.length,
      ...Object.fromEntries(
        ['High', 'Medium', 'Low', 'Minimal'].map((tier) => [
          `${tier.toLowerCase()}Count`,
          rows.filter((row) => row.engagementTier === tier).length,
        ]),
      ),
      flaggedRate: share((row) => row.dataQualityFlag !== 'ok'),
      dropOffPosition: median(lastSeconds),
      firstWatchDate: String(dates('firstWatchDate')[0]),
      lastWatchDate: String(dates('lastWatchDate').at(-1)),
    };
  });
}

/** Where the buckets of a video begin, in microseconds. */
function bucketStarts(durationUs: bigint): bigint[] {
  if (durationUs <= 600_000_000n)
    return Array.from(
      { length: Math.max(1, Math.ceil(Number(durationUs) / 1e6)) },
      (_, i) => BigInt(i) * 1_000_000n,
    );
  return Array.from({ length: 600 }, (_, i) => (BigInt(i) * durationUs + 599n) / 600n);
}

/** The retention table in plain code: each bucket, viewer by viewer and moment by moment. */
export function retentionRows(
  plays: readonly PlayRow[],
  durations: ReadonlyMap<string, number>,
): Record<string, unknown>[] {
  return [...durations].sort().flatMap(([videoId, duration]) => {
    const durationUs = BigInt(Math.round(duration * 1e6));
    const starts = bucketStarts(durationUs);
    const users = [...new Set(plays.filter((play) => play.videoId === videoId).map((play) => play.userId))];
    return starts.flatMap((start, bucket) => {
      const end = starts[bucket + 1] ?? 10n ** 15n;
      let [viewers, views, viewersEnded] = [0, 0, 0];
      for (const userId of users) {
        const own = plays.filter((play) => play.videoId === videoId && play.userId === userId);
        const moments = [start, ...own.map((play) => play.startUs).filter((us) => us >= start && us < end)];
        const most = Math.max(
          ...moments.map((us) => own.filter((play) => play.startUs <= us && us < play.endUs).length),
        );
        views += most;
        if (most > 0) viewers++;
        const ends = own.map((play) => play.endUs).sort((a, b) => (a < b ? 1 : -1));
        const last = (ends[0] ?? 0n) - 1n;
        if (last >= start && last < end) viewersEnded++;
      }
      const isShort = duration <= 600;
      const startPosition = isShort ? bucket : (bucket * duration) / 600;
      const endPosition = Math.min(duration, isShort ? bucket + 1 : ((bucket + 1) * duration) / 600);
      return viewers === 0
        ? []
        : [{ videoId, bucket, startPosition, endPosition, viewers, views, viewersEnded }];
    });
  });
}
