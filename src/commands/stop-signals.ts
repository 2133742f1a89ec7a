import { EXIT, type ExitCode, PlayfoldError } from '../errors.ts';

const CODES: Readonly<Record<string, ExitCode>> = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated };

/** The wish to stop, as the system tells it. */
export interface StopSignals {
  readonly signal: AbortSignal;
  /** What to report when the work has stopped: which signal it was, what comes of it, and its exit code. */
  toError(consequence?: string): PlayfoldError;
  /** Gives signals back their usual effect. */
  end(): void;
}

/** Listens for the first SIGINT or SIGTERM; a second of either ends the process at once, as the system does it. */
export function listenForStop(): StopSignals {
  const abort = new AbortController();
  let name = 'SIGINT';
  const stop = (received: string): void => {
    name = received;
    end();
    abort.abort();
  };
  const end = (): void => {
    for (const each of Object.keys(CODES)) process.removeListener(each, stop);
  };
  for (const each of Object.keys(CODES)) process.on(each, stop);
  return {
    signal: abort.signal,
    toError: (consequence = '; nothing was published') =>
      new PlayfoldError(`stopped by ${name}${consequence}.`, CODES[name] ?? EXIT.interrupted),
    end,
  };
}
