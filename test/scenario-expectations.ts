/** What SPEC.md section 7 expects of each scenario: columns of the result, for each video of the scenario. */
export interface Expectation {
  /** The scenario's number in SPEC.md. */
  readonly id: string;
  readonly videoId: string;
  readonly columns: Readonly<Record<string, unknown>>;
}

const v1 = 'video_001';
const v2 = 'video_002';
const v3 = 'video_003';
const ranges = (...pairs: readonly (readonly [number, number])[]) =>
  pairs.map(([start, end]) => ({ start, end }));

// biome-ignore format: one scenario a line reads as a table
export const expectations: readonly Expectation[] = [
  { id: '1', videoId: v1, columns: { totalWatchTime: 300, totalUniqueSecondsWatched: 300, watchPercentage: 100, completionCount: 1, isCompletedAtLeastOnce: true, totalForwardSkips: 0, totalBackwardSkips: 0, engagementScore: 100, engagementTier: 'High', dataQualityFlag: 'ok', dataQualityFlags: [], unclosedSegmentCount: 0 } },
  { id: '2', videoId: v1, columns: { totalWatchTime: 300, totalPauses: 1, avgSessionDuration: 600, sessionCount: 1, avgPausesPerSession: 1, segmentCount: 2 } },
  { id: '3', videoId: v1, columns: { totalWatchTime: 45, totalUniqueSecondsWatched: 45, watchPercentage: 15, completionCount: 0, isCompletedAtLeastOnce: false, unclosedSegmentCount: 1, dataQualityFlag: 'ok' } },
  { id: '4', videoId: v2, columns: { totalWatchTime: 90, watchPercentage: 15, completionPercentage: 60, totalForwardSkips: 1, totalBackwardSkips: 0, dataQualityFlag: 'completed_without_sufficient_watch' } },
  { id: '5', videoId: v1, columns: { videoTitle: 'Introduction', videoDuration: 300, durationSource: 'metadata', totalWatchTime: 130, totalUniqueSecondsWatched: 120, maxPositionReached: 120, watchPercentage: 43.33, completionPercentage: 40, uniqueWatchPercentage: 40, sessionCount: 1, totalPauses: 3, totalBackwardSkips: 1, totalForwardSkips: 0, engagementScore: 38.67, engagementTier: 'Low', dataQualityFlag: 'ok', watchedRanges: ranges([0, 120]) } },
  { id: '6', videoId: v3, columns: { totalWatchTime: 240, totalUniqueSecondsWatched: 180, watchPercentage: 133.33, uniqueWatchPercentage: 100, sessionCount: 2, completionCount: 1, isReplay: true, avgWatchTimePerSession: 120, dataQualityFlag: 'ok' } },
  { id: '7', videoId: v1, columns: { totalWatchTime: 300, sessionCount: 1 } },
  { id: '7', videoId: v2, columns: { totalWatchTime: 300, sessionCount: 1, watchPercentage: 50 } },
  { id: '8', videoId: v1, columns: { totalWatchTime: 8, watchPercentage: 2.67, engagementTier: 'Minimal', dataQualityFlag: 'very_short_watch' } },
  { id: '9', videoId: v2, columns: { totalWatchTime: 640, totalUniqueSecondsWatched: 580, totalPauses: 3, totalForwardSkips: 1, totalBackwardSkips: 1, engagementTier: 'High', watchedRanges: ranges([0, 180], [200, 600]) } },
  { id: '9b', videoId: v2, columns: { totalWatchTime: 240, rejectedSegmentCount: 1, dataQualityFlags: ['completed_without_sufficient_watch', 'implausible_segment'] } },
  { id: '10', videoId: v1, columns: { totalWatchTime: 10, completionCount: 1, dataQualityFlag: 'completed_without_sufficient_watch', watchedRanges: ranges([0, 5], [295, 300]) } },
  { id: '11', videoId: v1, columns: { totalWatchTime: 90, totalPauses: 1, duplicateEventCount: 1, eventCount: 4 } },
  { id: '12', videoId: v1, columns: { totalWatchTime: 90, totalPauses: 1, duplicateEventCount: 0 } },
  { id: '13', videoId: v1, columns: { totalWatchTime: 90, totalPauses: 0, eventCount: 2 } },
  { id: '14', videoId: v1, columns: { totalWatchTime: 60, unclosedSegmentCount: 1, eventCount: 3 } },
  { id: '15', videoId: v1, columns: { totalWatchTime: 0, rejectedSegmentCount: 1, dataQualityFlag: 'position_exceeds_duration', dataQualityFlags: ['position_exceeds_duration', 'implausible_segment', 'very_short_watch'], watchedRanges: [] } },
  { id: '16', videoId: v1, columns: { totalWatchTime: 0.2, totalUniqueSecondsWatched: 0.2, totalPauses: 2, watchedRanges: ranges([0, 0.2]) } },
  { id: '17', videoId: v1, columns: { totalWatchTime: 90, sessionCount: 2, isReplay: true, avgSessionDuration: 45 } },
  { id: '18', videoId: v1, columns: { totalWatchTime: 180, totalUniqueSecondsWatched: 120, sessionCount: 2, isReplay: true } },
  { id: '19', videoId: v1, columns: { totalWatchTime: 240, avgSessionDuration: 240, sessionCount: 1 } },
  { id: '20', videoId: v1, columns: { rejectedSegmentCount: 1, maxPositionReached: 350, completionPercentage: 100, dataQualityFlag: 'position_exceeds_duration' } },
  { id: '21', videoId: v1, columns: { totalWatchTime: 0, totalPauses: 1, rejectedSegmentCount: 0, segmentCount: 0 } },
  { id: '22', videoId: v1, columns: { totalWatchTime: 60, totalForwardSkips: 0 } },
  { id: '23', videoId: v1, columns: { totalWatchTime: 60, totalForwardSkips: 0, totalBackwardSkips: 0, totalPauses: 1 } },
  { id: '24', videoId: v1, columns: { totalWatchTime: 0, sessionCount: 1, unclosedSegmentCount: 1, dataQualityFlag: 'very_short_watch' } },
  { id: '25', videoId: v1, columns: { totalWatchTime: 50, unclosedSegmentCount: 2 } },
  { id: '26', videoId: v1, columns: { totalWatchTime: 300, dataQualityFlag: 'ok' } },
  { id: '27', videoId: v1, columns: { totalWatchTime: 120, segmentCount: 1, unclosedSegmentCount: 1, watchedRanges: ranges([0, 120]) } },
  { id: '28', videoId: v1, columns: { totalWatchTime: 80, totalUniqueSecondsWatched: 80, totalForwardSkips: 1, segmentCount: 2, watchedRanges: ranges([0, 30], [200, 250]) } },
  { id: '29', videoId: v1, columns: { totalWatchTime: 150, totalUniqueSecondsWatched: 100, sessionCount: 3, watchedRanges: ranges([0, 100]) } },
];

/** Scenario 17 with sessionTimeoutSeconds: 0. */
export const withoutTimeout: Expectation = {
  id: '17',
  videoId: v1,
  columns: { totalWatchTime: 90, sessionCount: 1, avgSessionDuration: 18090, isReplay: false },
};
