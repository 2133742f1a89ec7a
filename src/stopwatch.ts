import { RunCounters } from './progress-counters.ts';
import type { Progress, StageName, StageSummary } from './summary.ts';

const REPORT_EVERY_MS = 200;

/** Times the stages of a run and reports on the one under way. */
export class Stopwatch {
  readonly counters = new RunCounters();
  readonly stages: StageSummary[] = [];
  private readonly onProgress: ((progress: Progress) => void) | undefined;
  private readonly startedMs = performance.now();
  private readonly timer: NodeJS.Timeout | undefined;
  private current: { stage: StageName; startedMs: number; cpu: NodeJS.CpuUsage; rowsTotal: number } | null =
    null;

  constructor(onProgress: ((progress: Progress) => void) | undefined) {
    this.onProgress = onProgress;
    if (onProgress !== undefined) this.timer = setInterval(() => this.report(), REPORT_EVERY_MS).unref();
  }

  /** Ends the stage before and begins the next, or goes on with the one under way; `rowsTotal` is 0 where there are no rows to count. */
  begin(stage: StageName, rowsTotal: number): void {
    if (this.current?.stage === stage) {
      this.current.rowsTotal = rowsTotal;
      return;
    }
    this.endStage();
    this.counters.resetRows();
    this.current = { stage, startedMs: performance.now(), cpu: process.cpuUsage(), rowsTotal };
    this.report();
  }

  end(): void {
    this.endStage();
    clearInterval(this.timer);
  }

  /** Seconds since the run began. */
  get seconds(): number {
    return (performance.now() - this.startedMs) / 1000;
  }

  private endStage(): void {
    if (this.current === null) return;
    const { stage, startedMs, cpu, rowsTotal } = this.current;
    const seconds = (performance.now() - startedMs) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const cpuSeconds = (user + system) / 1e6;
    const rows = this.counters.rows || rowsTotal;
    const rowsPerSecond = rows === 0 ? 0 : Math.round(rows / seconds);
    this.stages.push({ stage, seconds, cpuSeconds, rows, rowsPerSecond });
    this.current = null;
  }

  private report(): void {
    if (this.current === null) return;
    const { stage, startedMs, rowsTotal } = this.current;
    const stageSeconds = (performance.now() - startedMs) / 1000;
    this.onProgress?.({ stage, rowsDone: this.counters.rows, rowsTotal, stageSeconds });
  }
}
