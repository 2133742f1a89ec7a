import type { CheckReport } from './report.ts';

/** Which column is to blame for rows that are invalid for a reason. */
const COLUMN_OF_REASON: Readonly<Record<string, string>> = {
  missing_timestamp: 'timestamp',
  missing_user: 'userId',
  missing_session: 'sessionId',
  missing_video: 'videoId',
  bad_position: 'currentTime',
};

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;

/** What would make a run give little, the worst first, each with what to do. */
export function adviseOn(report: Omit<CheckReport, 'advice'>): string[] {
  return [
    ...adviseOnReasons(report),
    ...adviseOnNames(report),
    ...adviseOnTimes(report),
    ...adviseOnSessions(report),
    ...adviseOnVideos(report),
  ];
}

function adviseOnReasons({ read, invalidByReason, layouts }: Omit<CheckReport, 'advice'>): string[] {
  return Object.entries(COLUMN_OF_REASON).flatMap(([reason, column]) => {
    const rows = invalidByReason[reason] ?? 0;
    if (rows === 0 || rows < read / 20) return [];
    const { dialect, matches } = layouts[0]!;
    const paths = matches.find((one) => one.column === column)?.paths.join(', ');
    const others = dialect === 'playfold' ? '' : ' Events that are not of the player may well lack it.';
    return [
      `${percent(rows, read)} of the rows are invalid as ${reason}: ${column} is read from ${paths}; ` +
        `if that is wrong, say so with --columns ${column}=NAME.${others}`,
    ];
  });
}

function adviseOnNames(report: Omit<CheckReport, 'advice'>): string[] {
  const unknown = (report.invalidByReason.unknown_event ?? 0) - report.otherEventRows;
  if (unknown === 0 || unknown < report.read / 20) return [];
  const names = Object.keys(report.unknownEventNames).slice(0, 3);
  return [
    `${percent(unknown, report.read)} of the rows have an event name of no class (${names.join(', ')}); ` +
      'if they are of watching, put them under eventNames in the configuration.',
  ];
}

function adviseOnTimes({
  firstTimestamp,
  lastTimestamp,
  maxPositionSeconds,
}: Omit<CheckReport, 'advice'>): string[] {
  const advice: string[] = [];
  if (
    firstTimestamp !== null &&
    lastTimestamp !== null &&
    (firstTimestamp < '1990' || lastTimestamp > '2100')
  )
    advice.push(
      `Times go from ${firstTimestamp} to ${lastTimestamp}; if they are numbers of another unit, say so with --timestamp-unit.`,
    );
  if (maxPositionSeconds !== null && maxPositionSeconds > 172_800)
    advice.push(
      `The largest position is ${maxPositionSeconds} s, more than two days; positions must be in seconds, not milliseconds.`,
    );
  return advice;
}

function adviseOnSessions({ sessions, events, layouts }: Omit<CheckReport, 'advice'>): string[] {
  const { sessions: count, withoutOpener, withoutClose } = sessions;
  const advice: string[] = [];
  if (withoutOpener > count / 20)
    advice.push(
      `${percent(withoutOpener, count)} of the sessions have neither play nor resume, so nothing in them is credited.`,
    );
  if (withoutClose > count / 20)
    advice.push(
      `${percent(withoutClose, count)} of the sessions end playing, with no pause, end or progress after the last play: ` +
        'what was watched then is lost; a player that sends progress every few seconds loses little.',
    );
  const seeks = events.some(({ eventClass }) => eventClass === 'seek');
  if (seeks && layouts.some(({ missing }) => missing.includes('fromTime')))
    advice.push(
      'Seeks do not say where from (fromTime), so what was watched up to a seek counts only where progress says it.',
    );
  return advice;
}

function adviseOnVideos({ videos, kept }: Omit<CheckReport, 'advice'>): string[] {
  if (videos === null || kept === 0 || videos.rowsWithDuration > 0.95 * kept) return [];
  return [
    `${percent(kept - videos.rowsWithDuration, kept)} of the kept rows are of videos without a duration in ${videos.file}; ` +
      'their durations are estimated from what was watched.',
  ];
}
