import { describeDiskError, estimateNeeds, requireSpace, type SpaceNeed } from '../disk-space.ts';
import type { Database } from '../duckdb.ts';
import type { RunPlan } from '../plan.ts';
import { openPool, type Pool } from '../pool/pool.ts';
import { StoppedError, throwIfStopped } from '../progress-counters.ts';
import type { ResolvedOptions } from '../run-options.ts';
import { describeMemoryError, noteTo, openRunDatabase } from '../run-start.ts';
import type { Staging } from '../sink/publish.ts';
import { Stopwatch } from '../stopwatch.ts';
import type { Notice } from '../summary.ts';

/** What the stages of one run share, from the plan to the end. */
export class Job {
  readonly options: ResolvedOptions;
  readonly staging: Staging;
  readonly stopwatch: Stopwatch;
  readonly database: Database;
  private pool: Pool | null = null;
  private needs: readonly SpaceNeed[];

  private constructor(options: ResolvedOptions, staging: Staging, stopwatch: Stopwatch, database: Database) {
    this.options = options;
    this.staging = staging;
    this.stopwatch = stopwatch;
    this.database = database;
    this.needs = estimateNeeds(options, staging);
  }

  /**
   * Does `work` with a database that may read `paths`. Stops it when the options' signal fires, and then throws a
   * StoppedError; leaves no thread and no database behind.
   */
  static async run<Result>(
    options: ResolvedOptions,
    staging: Staging,
    paths: readonly string[],
    work: (job: Job) => Promise<Result>,
  ): Promise<Result> {
    const stopwatch = new Stopwatch(options.onProgress);
    const { counters } = stopwatch;
    let job: Job | null = null;
    const stop = (): void => {
      counters.stop();
      job?.database.interrupt();
    };
    options.signal?.addEventListener('abort', stop, { once: true });
    try {
      if (options.signal?.aborted) stop();
      stopwatch.begin('plan', 0);
      const published = staging.published === null ? [] : [staging.published];
      const database = await openRunDatabase(options, staging, paths, published);
      job = new Job(options, staging, stopwatch, database);
      return await work(job);
    } catch (error) {
      if (counters.isStopped) throw new StoppedError();
      const known = describeMemoryError(error, options);
      throw await describeDiskError(known, job?.needs ?? estimateNeeds(options, staging));
    } finally {
      options.signal?.removeEventListener('abort', stop);
      stopwatch.end();
      await job?.pool?.close();
      job?.database.close();
    }
  }

  /** Starts the threads that scan and fold. Throws a PlayfoldError (disk) where a disk has not the room. */
  async openPool(plan: RunPlan): Promise<Pool> {
    const { options, staging } = this;
    this.needs = estimateNeeds(options, staging, plan.rowEstimate, plan.executor.heldLimitBytes);
    await requireSpace(this.needs);
    await this.database.limitMemory(plan.planDatabaseBytes);
    this.pool = openPool(plan.workers, plan.executor, {
      ...(options.workerFile === undefined ? {} : { workerFile: options.workerFile }),
      onRetry: (task, reason) => this.note('warn', 'runs once more', { task, reason }),
    });
    return this.pool;
  }

  /** Ends the threads: what follows is the database's, with their memory. */
  async closePool(plan: RunPlan): Promise<void> {
    await this.pool?.close();
    this.pool = null;
    throwIfStopped(this.stopwatch.counters);
    await this.database.limitMemory(plan.mergeDatabaseBytes);
  }

  /** Tells what happens beside the stages. */
  note(level: Notice['level'], message: string, fields: Notice['fields']): void {
    noteTo(this.options, level, message, fields);
  }
}
