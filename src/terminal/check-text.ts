import colors from 'picocolors';
import type { CheckReport, ReportedMatch, SampleLine, SampleRow } from '../check/report.ts';
import { DIALECTS } from '../source/dialects/index.ts';
import { printable } from './printable.ts';
import { formatTable } from './table.ts';

const count = new Intl.NumberFormat('en-US');
const fixed = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

const share = (part: number, whole: number): string =>
  whole === 0 ? '' : ` (${fixed.format((100 * part) / whole)} %)`;

const counted = (n: number, one: string): string => `${count.format(n)} ${one}${n === 1 ? '' : 's'}`;

/** A check's report as text for people. */
export function formatCheck(report: CheckReport): string {
  const lines = [
    colors.bold('Files'),
    `  ${counted(report.files, 'file')}, ${fixed.format(report.bytes / 1e6)} MB` +
      (report.emptyFiles > 0 ? `, ${report.emptyFiles} of them empty` : ''),
    ...report.layouts.flatMap(formatLayout),
    ...formatVideos(report),
    colors.bold('Rows'),
    `  read ${count.format(report.read)} = kept ${count.format(report.kept)} + invalid ${count.format(report.invalid)}`,
    ...(report.firstTimestamp === null
      ? []
      : [`  kept rows are from ${report.firstTimestamp} to ${report.lastTimestamp}`]),
    ...formatEvents(report),
    ...formatInvalid(report),
    ...formatSessions(report),
    ...formatAdvice(report),
  ];
  return `${lines.join('\n')}\n`;
}

function formatLayout({
  files,
  firstFile,
  format,
  dialect,
  matches,
  missing,
}: CheckReport['layouts'][number]): string[] {
  const others = files === 1 ? '' : ` and ${count.format(files - 1)} more`;
  return [
    `  ${firstFile}${others}: ${format}, dialect ${dialect}${describeDialect(dialect)}`,
    ...formatMatches(matches),
    ...missing.map((column) => `    ${column} is not there`),
  ];
}

function describeDialect(name: string): string {
  const dialect = DIALECTS.find((one) => one.name === name);
  return dialect === undefined || dialect.signs.length === 0
    ? ''
    : ` (${dialect.title}; ${dialect.specification})`;
}

/** Of many paths, those that lead. */
const MAX_PATHS = 3;

function formatMatches(matches: readonly ReportedMatch[]): string[] {
  const rows = matches.map(({ column, paths, types, why }) => [
    column,
    paths.slice(0, MAX_PATHS).join(', ') +
      (paths.length > MAX_PATHS ? ` and ${paths.length - MAX_PATHS} more` : ''),
    [...new Set(types)].join(', '),
    why,
  ]);
  return formatTable(['column', 'read from', 'type', 'why'], rows, '    ');
}

function formatVideos({ videos, kept }: CheckReport): string[] {
  if (videos === null) return [];
  return [
    colors.bold('Videos'),
    `  ${videos.file}: ${counted(videos.videos, 'video')}, ${count.format(videos.withDuration)} with a duration; ` +
      `kept rows of these ${count.format(videos.rowsWithDuration)}${share(videos.rowsWithDuration, kept)}`,
    ...formatMatches(videos.matches),
  ];
}

function formatEvents({ events, kept }: CheckReport): string[] {
  if (events.length === 0) return [];
  const rows = events.map(({ name, eventClass, rows: n }) => [
    name,
    eventClass,
    count.format(n),
    `${fixed.format((100 * n) / kept)} %`,
  ]);
  return formatTable(['event', 'class', 'rows', 'share'], rows, '  ');
}

function formatInvalid(report: CheckReport): string[] {
  return Object.entries(report.invalidByReason)
    .filter(([, n]) => n > 0)
    .flatMap(([reason, n]) => [
      `  ${colors.bold(reason)}: ${count.format(n)}${share(n, report.read)}`,
      ...(reason === 'unknown_event' ? formatUnknown(report) : []),
      ...(report.samples[reason] ?? []).map(formatSample),
    ]);
}

const MAX_UNKNOWN = 12;

function formatUnknown({ unknownEventNames, otherEventRows }: CheckReport): string[] {
  const names = Object.entries(unknownEventNames);
  const listed = names
    .slice(0, MAX_UNKNOWN)
    .map(([name, n]) => `${shorten(name, MAX_VALUE)} ${count.format(n)}`);
  const more = names.length > MAX_UNKNOWN ? `, and ${names.length - MAX_UNKNOWN} more names` : '';
  return [
    `    ${listed.join(', ')}${more}`,
    ...(otherEventRows > 0
      ? [
          `    of these, ${count.format(otherEventRows)} are events of the dialect that say nothing of watching`,
        ]
      : []),
  ];
}

const MAX_VALUE = 60;
const MAX_LINE = 120;

function formatSample(sample: SampleRow | SampleLine): string {
  const where = `    ${printable(sample.where)}`;
  if ('text' in sample) return `${where} row ${sample.row}: ${shorten(sample.text, MAX_LINE)}`;
  const pairs = Object.entries(sample.values).map(([column, value]) =>
    value === null ? `${column} null` : `${column} '${shorten(value, MAX_VALUE)}'`,
  );
  return `${where}: ${pairs.join(', ')}`;
}

const shorten = (text: string, most: number): string =>
  printable(text.length > most ? `${text.slice(0, most)}...` : text);

function formatSessions({ sessions }: CheckReport): string[] {
  const { oneUserIn, rows, sessions: total } = sessions;
  const scope =
    oneUserIn === 1
      ? 'all kept rows'
      : `a sample: one user in ${count.format(oneUserIn)}, ${counted(rows, 'row')} (there are too many to look at all)`;
  const line = (name: string, n: number, whole: number): string =>
    `  ${name}: ${count.format(n)}${share(n, whole)}`;
  return [
    `${colors.bold('Sessions')} of ${scope}`,
    `  ${counted(total, 'session')} of a user, a video and a session id`,
    line('duplicate rows', sessions.duplicates, rows),
    line('rows out of order (a run sorts them)', sessions.outOfOrder, rows),
    line('sessions without play or resume', sessions.withoutOpener, total),
    line('sessions without a close after the last play', sessions.withoutClose, total),
  ];
}

function formatAdvice({ advice }: CheckReport): string[] {
  if (advice.length === 0) return [colors.bold('Nothing stands in the way of a run.')];
  return [colors.bold('Look at'), ...advice.map((line) => `  - ${line}`)];
}
