import { EXIT, PlayfoldError } from '../errors.ts';
import { type InputVersion, readInputVersions } from '../run-inputs.ts';
import { type InputFile, recognizeFile } from '../source/formats.ts';
import type { TimeWindow } from '../source/time-window.ts';
import type { SeenInput } from './state.ts';
import { type Interval, subtractIntervals, uniteIntervals } from './windows.ts';

/** A file to read, and which of its events. */
export interface InputRead {
  readonly file: InputFile;
  readonly windows: readonly TimeWindow[];
}

/** What there is to read, and what is then known to have been read. */
export interface InputSelection {
  readonly reads: readonly InputRead[];
  readonly seen: readonly SeenInput[];
  /** Files that hold nothing new. */
  readonly skipped: number;
  /** Files that were read in another form; where there are any, all is to be read again. */
  readonly changed: readonly string[];
}

const toWindow = ([sinceUs, untilUs]: Interval, undated: boolean): TimeWindow => ({
  sinceUs,
  untilUs,
  undated,
});

/**
 * Compares files with what was read before. A file that changed may only be read on with a time window that touches
 * none of what was read of it, as of a log that grows.
 */
export function selectInputs(
  files: readonly InputFile[],
  versions: readonly InputVersion[],
  window: Interval,
  before: readonly SeenInput[],
): InputSelection {
  const seen = new Map(before.map((input) => [input.path, input]));
  const reads: InputRead[] = [];
  const changed: string[] = [];
  let skipped = 0;
  for (const [i, file] of files.entries()) {
    const version = versions[i]!;
    const known = seen.get(version.path);
    const read = known?.read ?? [];
    const left = subtractIntervals(window, read);
    const isTouched = left.length !== 1 || left[0]![0] !== window[0] || left[0]![1] !== window[1];
    if (known !== undefined && !isSame(known, version) && isTouched) {
      changed.push(version.path);
      continue;
    }
    if (left.length === 0) skipped++;
    else reads.push({ file, windows: left.map((part) => toWindow(part, known === undefined)) });
    seen.set(version.path, { ...version, read: uniteIntervals(read, window) });
  }
  return { reads, seen: [...seen.values()], skipped, changed };
}

/** What to tell a user whose files are not what they were. */
export function refuseChanged(changed: readonly string[]): PlayfoldError {
  const others = changed.length === 1 ? '' : ` and ${changed.length - 1} more`;
  return new PlayfoldError(
    `${changed[0]}${others}: changed since it was read; add new events as new files, or fold everything again with ` +
      '--changed reprocess.',
    EXIT.input,
  );
}

const isSame = (a: InputVersion, b: InputVersion): boolean => a.bytes === b.bytes && a.mtimeMs === b.mtimeMs;

/** Everything that was read so far, to read it again, and what is new. Throws a PlayfoldError (input) as retainedReads. */
export async function selectAll(
  files: readonly InputFile[],
  versions: readonly InputVersion[],
  window: Interval,
  before: readonly SeenInput[],
): Promise<InputSelection> {
  const wanted = new Map(versions.map((version) => [version.path, version]));
  const rest = before.filter(({ path }) => !wanted.has(path));
  const retained = await retainedReads(rest, 'to fold everything again');
  const known = new Map(before.map((input) => [input.path, input]));
  const seen = versions.map((version) => ({
    ...version,
    read: uniteIntervals(known.get(version.path)?.read ?? [], window),
  }));
  const reads = files.map((file, i) => toRead(file, seen[i]!.read));
  return { reads: [...retained, ...reads], seen: [...rest, ...seen], skipped: 0, changed: [] };
}

/**
 * What was read before, to be read again as it was. Throws a PlayfoldError (input) naming a file that is gone or
 * changed, and what it was needed for.
 */
export async function retainedReads(seen: readonly SeenInput[], purpose: string): Promise<InputRead[]> {
  const reads: InputRead[] = [];
  for (const input of seen) {
    const [now] = await readInputVersions([{ path: input.path, name: input.path }]).catch(() => []);
    if (now === undefined || !isSame(now, input))
      throw new PlayfoldError(
        `${input.path}: ${now === undefined ? 'is gone' : 'has changed'} since it was read, and is needed ${purpose}; ` +
          'put it back, or fold what there is with playfold run.',
        EXIT.input,
      );
    reads.push(toRead(await recognizeFile(input.path, input.path), input.read));
  }
  return reads;
}

function toRead(file: InputFile, read: readonly Interval[]): InputRead {
  return { file, windows: read.map((part, i) => toWindow(part, i === 0)) };
}
