import { distance } from 'fastest-levenshtein';

/** What the process ends with; README.md says which of them a scheduler should retry. */
export const EXIT = {
  ok: 0,
  usage: 2,
  gate: 3,
  input: 4,
  locked: 5,
  bug: 70,
  disk: 74,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * An error that a person can act on: one line that names the file, column or value, what was expected and what
 * to do next. Everything else that is thrown is a bug of playfold and is shown with its stack.
 */
export class PlayfoldError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.name = 'PlayfoldError';
    this.exitCode = exitCode;
  }
}

/** No room on a disk: `folder` is where it was wanted, null where the system did not say. Exit code 74. */
export class DiskFullError extends PlayfoldError {
  readonly folder: string | null;

  constructor(message: string, folder: string | null) {
    super(message, EXIT.disk);
    this.name = 'DiskFullError';
    this.folder = folder;
  }
}

/** Errors of the system that speak of the disk as errors for people; everything else as it is. */
export function translateDiskError(error: unknown, path?: string): unknown {
  if (!(error instanceof Error) || error instanceof PlayfoldError) return error;
  const { code, path: at = path ?? null } = error as NodeJS.ErrnoException & { path?: string | null };
  if (code === 'ENOSPC' || code === 'EDQUOT') return new DiskFullError(`${at ?? 'a file'}: ${code}`, at);
  if (code !== undefined && (at === path || ['EACCES', 'EPERM', 'EROFS', 'EIO', 'ESTALE'].includes(code)))
    return new PlayfoldError(
      `${at}: cannot be written (${code}); check the folder's permissions and free space.`,
      EXIT.disk,
    );
  return error;
}

/** The candidate most like `name` where one is near enough to be meant, else undefined. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  return nearestNames([name], candidates)[0];
}

/** The candidates near enough to one of `names` to be meant, the nearest first. */
export function nearestNames(names: readonly string[], candidates: readonly string[]): string[] {
  const simple = (text: string): string => text.toLowerCase().replaceAll(/[_\-. ]/g, '');
  const gapOf = (name: string, candidate: string): number => {
    // Nobody means a name of a thousand letters, and comparing with it takes seconds.
    if (candidate.length > 200) return Number.POSITIVE_INFINITY;
    const gap = isSwap(simple(name), simple(candidate)) ? 1 : distance(simple(name), simple(candidate));
    // Two letters make another word of a short one.
    const limit = simple(name).length < 5 ? 1 : Math.max(2, Math.floor(name.length / 3));
    return gap <= limit ? gap : Number.POSITIVE_INFINITY;
  };
  return candidates
    .map((candidate) => ({ candidate, gap: Math.min(...names.map((name) => gapOf(name, candidate))) }))
    .filter(({ gap }) => Number.isFinite(gap))
    .sort((a, b) => a.gap - b.gap)
    .map(({ candidate }) => candidate);
}

/** Whether two neighbouring letters changed places, as in rnu. */
function isSwap(a: string, b: string): boolean {
  const i = [...a].findIndex((letter, at) => letter !== b[at]);
  return i >= 0 && a !== b && a.slice(0, i) + a[i + 1] + a[i] + a.slice(i + 2) === b;
}

/** An error as plain data: own properties of an Error do not survive the way back from a worker. */
export interface ErrorData {
  readonly message: string;
  readonly exitCode: ExitCode | null;
  /** Of a DiskFullError: its folder. Undefined for every other error. */
  readonly fullFolder?: string | null | undefined;
  readonly stack: string;
}

export function toErrorData(thrown: unknown): ErrorData {
  const error = translateDiskError(thrown);
  const known = error instanceof Error ? error : new Error(String(error));
  return {
    message: known.message,
    exitCode: known instanceof PlayfoldError ? known.exitCode : null,
    fullFolder: known instanceof DiskFullError ? known.folder : undefined,
    stack: known.stack ?? known.message,
  };
}

export function fromErrorData(data: ErrorData): Error {
  if (data.fullFolder !== undefined) return new DiskFullError(data.message, data.fullFolder);
  if (data.exitCode !== null) return new PlayfoldError(data.message, data.exitCode);
  const error = new Error(data.message);
  error.stack = data.stack;
  return error;
}
