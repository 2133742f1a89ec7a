/** Runs `work` with a signal that the first SIGINT or SIGTERM fires; a second ends the process at once. */
export async function untilStopped(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const abort = new AbortController();
  const names = ['SIGINT', 'SIGTERM'] as const;
  const stop = (): void => {
    for (const name of names) process.removeListener(name, stop);
    abort.abort();
  };
  for (const name of names) process.once(name, stop);
  try {
    await work(abort.signal);
  } finally {
    for (const name of names) process.removeListener(name, stop);
  }
}
