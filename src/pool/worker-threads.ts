import { Piscina } from 'piscina';

/** Worker threads that all run one file. */
export interface WorkerThreads<Task, Result> {
  /** Rejects where the task throws, or its worker dies. */
  run(task: Task): Promise<Result>;
  close(): Promise<void>;
}

/** Starts worker threads; `file` is a module whose default export does a task, and `workerData` goes to each. */
export function openWorkerThreads<Task, Result>(
  file: string,
  threads: number,
  workerData?: unknown,
): WorkerThreads<Task, Result> {
  const piscina = new Piscina<Task, Result>({
    filename: file,
    minThreads: threads,
    maxThreads: threads,
    workerData,
    // Workers spend their time in DuckDB and the kernel: let them sleep between tasks, not spin.
    atomics: 'disabled',
    recordTiming: false,
  });
  // A worker that dies between tasks is replaced, and no task is the worse for it.
  piscina.on('error', () => undefined);
  // Workers that die while they start are not replaced: without this, tasks would wait for ever.
  const deserted = new Promise<never>((_, reject) => {
    piscina.on('workerDestroy', () =>
      setImmediate(() => piscina.threads.length === 0 && reject(new Error('no worker can be started'))),
    );
  });
  deserted.catch(() => undefined);
  return {
    run: (task) => Promise.race([piscina.run(task), deserted]),
    close: () => piscina.destroy(),
  };
}
