import type { OutputColumn } from '../engagement-sql.ts';
import { equalsEngagement, microseconds, type OutputTable } from './output-table.ts';
import { writeRecords } from './record-table.ts';

const COLUMNS: readonly OutputColumn[] = [
  ['userId', 'users.id'],
  ['videoId', 'durations.id'],
  ['sessionKey', `printf('%016x', sessionHash)`],
  ['visit', 'visit::BIGINT'],
  ['firstTimestamp', 'make_timestamptz(firstTimestampUs)'],
  ['lastTimestamp', 'make_timestamptz(lastTimestampUs)'],
  ['sessionDuration', '(lastTimestampUs - firstTimestampUs) / 1e6'],
  ['watchTime', 'watchUs / 1e6'],
  ['uniqueSecondsWatched', 'uniqueUs / 1e6'],
  ['maxPositionReached', 'maxPositionUs / 1e6'],
  ['pauses', 'pauseCount::BIGINT'],
  ['forwardSkips', 'forwardSkipCount::BIGINT'],
  ['backwardSkips', 'backwardSkipCount::BIGINT'],
  ['replays', 'replayCount::BIGINT'],
  ['isCompleted', 'completed > 0'],
  ['eventCount', 'eventCount::BIGINT'],
  ['duplicateEventCount', 'duplicateCount::BIGINT'],
  ['segmentCount', 'segmentCount::BIGINT'],
  ['rejectedSegmentCount', 'rejectedCount::BIGINT'],
  ['unclosedSegmentCount', 'unclosedCount::BIGINT'],
];

const SUMS: readonly (readonly [what: string, own: string, theirs: string])[] = [
  ['visits', 'count(*)', 'sum(sessionCount)'],
  ['watch time', `sum(${microseconds('watchTime')})`, `sum(${microseconds('totalWatchTime')})`],
  ['completions', 'count(*) FILTER (isCompleted)', 'sum(completionCount)'],
  ['pauses', 'sum(pauses)', 'sum(totalPauses)'],
  ['forward skips', 'sum(forwardSkips)', 'sum(totalForwardSkips)'],
  ['backward skips', 'sum(backwardSkips)', 'sum(totalBackwardSkips)'],
  ['replays', 'sum(replays)', 'sum(replayCount)'],
  ...[
    'eventCount',
    'duplicateEventCount',
    'segmentCount',
    'rejectedSegmentCount',
    'unclosedSegmentCount',
  ].map((column) => [column, `sum(${column})`, `sum(${column})`] as const),
];

/**
 * One row a user, video and visit. The text of a session id is not kept by the scan: of 100M events it would be
 * 16M texts. `sessionKey` is its hash, which DuckDB computes from the text as printf('%016x', hash(sessionId)).
 */
export const sessions: OutputTable = {
  name: 'sessions',
  records: ['visits'],
  write: (input) => writeRecords(input, 'visits', COLUMNS),
  checks: (engagement) => [
    ['no null key', 'count(*) FILTER (userId IS NULL OR videoId IS NULL)'],
    ['no unique time above the watch time', 'count(*) FILTER (uniqueSecondsWatched > watchTime)'],
    ...SUMS.map(
      ([what, own, theirs]) => [`${what} adds up`, equalsEngagement(own, engagement, theirs)] as const,
    ),
  ],
};
