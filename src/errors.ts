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

/** The candidate most like `name` where one is near enough to be meant, else undefined. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  return nearestNames([name], candidates)[0];
}

/** The candidates near enough to one of `names` to be meant, the nearest first. */
export function nearestNames(names: readonly string[], candidates: readonly string[]): string[] {
  const simple = (text: string): string => text.toLowerCase().replaceAll(/[_\-. ]/g, '');
  const gapOf = (name: string, candidate: string): number => {
    const gap = distance(simple(name), simple(candidate));
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

/** An error as plain data: own properties of an Error do not survive the way back from a worker. */
export interface ErrorData {
  readonly message: string;
  readonly exitCode: ExitCode | null;
  readonly stack: string;
}

export function toErrorData(error: unknown): ErrorData {
  const known = error instanceof Error ? error : new Error(String(error));
  return {
    message: known.message,
    exitCode: known instanceof PlayfoldError ? known.exitCode : null,
    stack: known.stack ?? known.message,
  };
}

export function fromErrorData(data: ErrorData): Error {
  if (data.exitCode !== null) return new PlayfoldError(data.message, data.exitCode);
  const error = new Error(data.message);
  error.stack = data.stack;
  return error;
}
