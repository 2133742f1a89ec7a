import colors from 'picocolors';
import type { Explanation } from '../explain/explain.ts';
import { formatClock, formatSeconds } from '../explain/units.ts';
import { formatTable } from './table.ts';

const BAR_CELLS = 60;
const SHOWN_RANGES = 50;
const PAGE_ROWS = 500;
const toUs = (seconds: number): bigint => BigInt(Math.round(seconds * 1e6));
const show = (value: unknown): string =>
  value === null ? '-' : Array.isArray(value) ? value.join(', ') || '-' : String(value);

/** An explanation as text for people. */
export function formatExplanation(explanation: Explanation): string {
  const { userId, videoId, row } = explanation;
  const title = row.videoTitle === null ? '' : ` "${row.videoTitle}"`;
  const lines = [
    `${colors.bold(`User ${userId}, video ${videoId}`)}${title}, ${describeDuration(explanation)}`,
    '',
    colors.bold('Events'),
    ...eventLines(explanation),
    ...leftOut(explanation.eventsLeftOut, 'later or undated events; --max-events shows more'),
    '',
    colors.bold('Credited segments'),
    ...segmentLines(explanation),
    ...leftOut(explanation.segmentsLeftOut, 'later segments'),
    ...unionLines(explanation),
    '',
    colors.bold('Row'),
    ...rowLines(explanation),
    '',
    colors.bold('Flags'),
    ...explanation.flags.map(
      ({ flag, holds, because }) => `  ${holds ? colors.yellow('holds') : 'no   '}  ${flag}: ${because}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

const count = new Intl.NumberFormat('en-US');
const leftOut = (number: number, what: string): string[] =>
  number === 0 ? [] : [`  ... and ${count.format(number)} ${what}`];

/** A long table in pieces, each with its head: what cli-table3 takes grows with the square of the rows. */
function formatPages(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const pages = Math.ceil(rows.length / PAGE_ROWS);
  return Array.from({ length: pages }, (_, page) =>
    formatTable(head, rows.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS), '  '),
  ).flat();
}

function describeDuration({ row }: Explanation): string {
  if (row.videoDuration === null) return 'of unknown duration';
  const from =
    row.durationSource === 'metadata' ? 'from the metadata' : 'the largest end that anyone reached';
  return `${formatSeconds(toUs(Number(row.videoDuration)))} (${from})`;
}

function eventLines({ events }: Explanation): string[] {
  const rows = events.map((event) => [
    event.timestamp ?? '-',
    event.sessionId ?? '-',
    event.eventName ?? '-',
    event.fromTime === null ? show(event.currentTime) : `${event.fromTime} > ${show(event.currentTime)}`,
    event.effects.join('; ') || '-',
  ]);
  return formatPages(['time (UTC)', 'session', 'event', 'position', 'what it did'], rows);
}

function segmentLines({ segments }: Explanation): string[] {
  if (segments.length === 0) return ['  none'];
  const rows = segments.map(({ start, end, startTimestamp, endTimestamp }) => [
    `${formatClock(toUs(start))} to ${formatClock(toUs(end))}`,
    formatSeconds(toUs(end) - toUs(start)),
    startTimestamp,
    endTimestamp,
  ]);
  return formatPages(['video', 'length', 'from (UTC)', 'to (UTC)'], rows);
}

/** The union as a bar over the length of the video: a cell is full where any of it was watched. */
function unionLines({ row }: Explanation): string[] {
  const ranges = (row.watchedRanges ?? []) as readonly { start: number; end: number }[];
  if (ranges.length === 0 || row.videoDuration === null) return [];
  const length = Math.max(Number(row.videoDuration), ranges.at(-1)!.end);
  const cells = Array.from({ length: BAR_CELLS }, (_, i) => {
    const [from, to] = [(i * length) / BAR_CELLS, ((i + 1) * length) / BAR_CELLS];
    return ranges.some(({ start, end }) => start < to && end > from) ? '█' : '░';
  });
  const list = ranges
    .slice(0, SHOWN_RANGES)
    .map(({ start, end }) => `${formatClock(toUs(start))}-${formatClock(toUs(end))}`);
  return [
    `  0:00 ${cells.join('')} ${formatClock(toUs(length))}`,
    `  union ${list.join(', ')}${ranges.length > SHOWN_RANGES ? ` and ${count.format(ranges.length - SHOWN_RANGES)} more` : ''}: ${formatSeconds(toUs(Number(row.totalUniqueSecondsWatched)))} of ` +
      `${formatSeconds(toUs(Number(row.totalWatchTime)))} watched`,
  ];
}

const ELSEWHERE = ['userId', 'videoId', 'videoTitle', 'watchedRanges', 'dataQualityFlag'];

function rowLines({ row, arithmetic }: Explanation): string[] {
  const formulas = new Map(arithmetic.map(({ column, formula }) => [column, formula]));
  const rows = Object.entries(row)
    .filter(([column]) => !ELSEWHERE.includes(column))
    .map(([column, value]) => [column, show(value), formulas.get(column) ?? '']);
  return formatTable(['column', 'value', 'is'], rows, '  ');
}
