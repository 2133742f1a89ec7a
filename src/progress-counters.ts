/** Thrown in place of any other error when a run was asked to stop. */
export class StoppedError extends Error {
  constructor() {
    super('the run was stopped');
    this.name = 'StoppedError';
  }
}

const ROWS = 0;
const STOPPED = 1;

/** What all threads of a run share while they work: rows done in this stage, and whether to stop. */
export class RunCounters {
  readonly memory: SharedArrayBuffer;
  private readonly cells: BigInt64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.memory = memory;
    this.cells = new BigInt64Array(memory);
  }

  addRows(rowCount: number): void {
    Atomics.add(this.cells, ROWS, BigInt(rowCount));
  }

  get rows(): number {
    return Number(Atomics.load(this.cells, ROWS));
  }

  resetRows(): void {
    Atomics.store(this.cells, ROWS, 0n);
  }

  stop(): void {
    Atomics.store(this.cells, STOPPED, 1n);
  }

  get isStopped(): boolean {
    return Atomics.load(this.cells, STOPPED) !== 0n;
  }
}

export function throwIfStopped(counters: RunCounters): void {
  if (counters.isStopped) throw new StoppedError();
}

/** Called now and then in long work: throws to end it. */
export type StopCheck = () => void;

export const NEVER_STOPPED: StopCheck = () => undefined;

/** Throws a StoppedError once the signal has fired. */
export function stopCheckOf(signal: AbortSignal | undefined): StopCheck {
  return () => {
    if (signal?.aborted) throw new StoppedError();
  };
}
