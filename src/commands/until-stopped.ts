import { StoppedError } from '../progress-counters.ts';
import { listenForStop } from './stop-signals.ts';

/** Runs `work` with a signal that the first SIGINT or SIGTERM fires; a second ends the process at once. */
export async function untilStopped(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = listenForStop();
  try {
    await work(stop.signal);
  } catch (error) {
    throw error instanceof StoppedError ? stop.toError('') : error;
  } finally {
    stop.end();
  }
}
