import { EXIT, nearestNames, PlayfoldError } from '../../errors.ts';
import {
  formatPath,
  listPaths,
  normalizeName,
  type PathStep,
  parsePath,
  type SourceColumn,
} from './paths.ts';

/** The input columns of SPEC.md section 1, and those of the video metadata. */
export const EVENT_COLUMNS = [
  'timestamp',
  'userId',
  'sessionId',
  'videoId',
  'eventName',
  'currentTime',
  'fromTime',
] as const;
export const VIDEO_COLUMNS = ['videoId', 'duration', 'title'] as const;
export type EventColumn = (typeof EVENT_COLUMNS)[number];
export type VideoColumn = (typeof VIDEO_COLUMNS)[number];

/**
 * Names by which a column is recognised, in the order in which they are preferred; compared without case,
 * underscores, hyphens, points and spaces. No name stands under two columns.
 */
export const EVENT_SPELLINGS: Readonly<Record<EventColumn, readonly string[]>> = {
  timestamp: words(
    'timestamp eventTimestamp eventTime ts eventTs occurredAt clientTimestamp clientTime serverTimestamp serverTime dateTime time createdAt',
  ),
  userId: words(
    'userId uid user userKey viewerId viewer customerId memberId subscriberId profileId distinctId visitorId anonymousId',
  ),
  sessionId: words(
    'sessionId session sid sessionKey sessionUuid playSessionId playbackSessionId playbackId visitId viewId',
  ),
  videoId: words('videoId video vid contentId content mediaId media assetId asset titleId episodeId itemId'),
  eventName: words('eventName event eventType action eventAction type'),
  currentTime: words(
    'currentTime position playhead playheadPosition currentPosition videoPosition playbackPosition positionSeconds positionSec videoTime videoCurrentTime currentTimeSeconds playbackTime',
  ),
  fromTime: words(
    'fromTime fromPosition seekFrom timeFrom oldTime previousTime previousPosition positionFrom',
  ),
};

export const VIDEO_SPELLINGS: Readonly<Record<VideoColumn, readonly string[]>> = {
  videoId: [...EVENT_SPELLINGS.videoId, 'id'],
  duration: words(
    'duration videoDuration durationSeconds durationSec length videoLength lengthSeconds runtime durationMs durationMillis lengthMs runtimeMs',
  ),
  title: words('title videoTitle videoName name label'),
};

function words(text: string): readonly string[] {
  return text.split(' ');
}

/** What was found for a column, and why. */
export interface NameMatch {
  readonly steps: readonly PathStep[];
  readonly why: string;
  /** Whether it is the column's own name and no common one. */
  readonly isOwn: boolean;
}

/** Where a column is looked for, for errors: the file, and the flag that settles the matter. */
export interface NameSearch {
  readonly file: string;
  readonly flag: string;
  readonly columns: readonly SourceColumn[];
}

/**
 * Finds the column that `spellings` names: first among the columns, then among the fields inside them. The first
 * spelling that is there wins. Throws a PlayfoldError (input) where two names fit one spelling equally well.
 */
export function matchName(
  search: NameSearch,
  target: string,
  spellings: readonly string[],
): NameMatch | undefined {
  const paths = listPaths(search.columns);
  const onTop = paths.filter((steps) => steps.length === 1);
  const inside = paths.filter((steps) => steps.length > 1);
  return (
    matchAmong(search, target, spellings, onTop, (steps) => [String(steps[0])]) ??
    matchAmong(search, target, spellings, inside, (steps) => steps.map((_, i) => steps.slice(i).join('')))
  );
}

function matchAmong(
  search: NameSearch,
  target: string,
  spellings: readonly string[],
  paths: readonly (readonly PathStep[])[],
  namesOf: (steps: readonly PathStep[]) => readonly string[],
): NameMatch | undefined {
  for (const spelling of spellings) {
    const fits = paths.filter((steps) =>
      namesOf(steps).some((name) => normalizeName(name) === normalizeName(spelling)),
    );
    const exact = fits.find((steps) => steps.at(-1) === target) ?? fits.find((s) => s.at(-1) === spelling);
    if (fits.length > 1 && (exact === undefined || exact.length > 1)) throw ambiguous(search, target, fits);
    const steps = exact ?? fits[0];
    if (steps === undefined) continue;
    const why =
      spelling !== target
        ? `a common name of ${target}`
        : steps.at(-1) === target
          ? 'its own name'
          : 'its own name but for case and underscores';
    return {
      steps,
      why: steps.length > 1 ? `${why}, inside ${steps[0]}` : why,
      isOwn: spelling === target,
    };
  }
  return undefined;
}

function ambiguous(
  { file, flag }: NameSearch,
  target: string,
  fits: readonly (readonly PathStep[])[],
): PlayfoldError {
  const names = fits.map((steps) => formatPath(steps));
  return new PlayfoldError(
    `${file}: ${names.map((name) => `'${name}'`).join(' and ')} could both be column '${target}'; ` +
      `say which with ${flag} ${target}=${names[0]}.`,
    EXIT.input,
  );
}

const MAX_NAMES = 30;

/** What is known of a column that was not found. */
export interface MissingColumn {
  readonly target: string;
  readonly spellings: readonly string[];
  /** The path that the user gave for it, if any. */
  readonly configured?: string | undefined;
  /** What the file was taken for, unless it is playfold's own layout. */
  readonly dialect?: string | undefined;
  /** Paths that other columns were found at. */
  readonly taken?: readonly string[];
}

/** The error for a column that is not there: names what was found, the nearest names and the flag to add. */
export function missingColumn({ file, flag, columns }: NameSearch, missing: MissingColumn): PlayfoldError {
  const { target, spellings, configured, dialect, taken = [] } = missing;
  const paths = columns.flatMap((column) => {
    const inside = listPaths([column]);
    return inside.length > 0 ? inside : [[column.name]];
  });
  const found = paths.map((steps) => formatPath(steps));
  const shown = found.slice(0, MAX_NAMES).join(', ') || 'none';
  const more = found.length > MAX_NAMES ? ` and ${found.length - MAX_NAMES} more` : '';
  const free = paths.filter((steps) => !taken.includes(formatPath(steps)));
  const likeConfigured = configured === undefined ? [] : nearestPaths([configured], free);
  const near = [...new Set([...likeConfigured, ...nearestPaths(spellings, free)])].slice(0, 3);
  const what =
    configured === undefined
      ? `column '${target}' is missing${dialect === undefined ? '' : ` (dialect ${dialect})`}`
      : `${flag} ${target}=${configured}: there is no such column`;
  const hint =
    near.length === 0
      ? `Say which it is with ${flag} ${target}=NAME.`
      : `The nearest is ${near.map((path) => `'${path}'`).join(', then ')}: add ${flag} ${target}=${near[0]}`;
  return new PlayfoldError(`${file}: ${what}; found: ${shown}${more}. ${hint}`, EXIT.input);
}

/** Paths whose whole text or last step is near one of the names, nearest first. */
function nearestPaths(names: readonly string[], paths: readonly (readonly PathStep[])[]): string[] {
  const whole = paths.map((steps) => formatPath(steps));
  const last = paths.map((steps) => String(steps.at(-1)));
  const lastSteps = names.map((name) => String(parsePath(name)?.at(-1) ?? name));
  const nearLast = nearestNames(lastSteps, last).flatMap((name) => whole.filter((_, i) => last[i] === name));
  return [...new Set([...nearestNames(names, whole), ...nearLast])];
}
