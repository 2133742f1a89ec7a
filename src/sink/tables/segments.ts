import type { OutputColumn } from '../engagement-sql.ts';
import { equalsEngagement, microseconds, type OutputTable } from './output-table.ts';
import { writeRecords } from './record-table.ts';

const COLUMNS: readonly OutputColumn[] = [
  ['userId', 'users.id'],
  ['videoId', 'durations.id'],
  ['sessionKey', `printf('%016x', sessionHash)`],
  ['visit', 'visit::BIGINT'],
  ['startPosition', 'startUs / 1e6'],
  ['endPosition', 'endUs / 1e6'],
  ['startTimestamp', 'make_timestamptz(firstTimestampUs)'],
  ['endTimestamp', 'make_timestamptz(lastTimestampUs)'],
];

/** One row a credited segment: what was watched, and when. Contiguous pieces of one opener are one segment. */
export const segments: OutputTable = {
  name: 'segments',
  records: ['plays'],
  write: (input) => writeRecords(input, 'plays', COLUMNS),
  checks: (engagement) => [
    ['no null key', 'count(*) FILTER (userId IS NULL OR videoId IS NULL)'],
    [
      'no segment ends before it starts',
      'count(*) FILTER (endPosition <= startPosition OR endTimestamp < startTimestamp)',
    ],
    ['segments are those of engagement', equalsEngagement('count(*)', engagement, 'sum(segmentCount)')],
    [
      'lengths add up to the watch time',
      equalsEngagement(
        `sum(${microseconds('endPosition')} - ${microseconds('startPosition')})`,
        engagement,
        `sum(${microseconds('totalWatchTime')})`,
      ),
    ],
  ],
};
