import type { GateResult } from './gates/judge.ts';
import type { Check } from './sink/checks.ts';
import type { Statistics } from './sink/statistics.ts';

/** The stages of a run, in their order. */
export const STAGES = ['plan', 'scan', 'fold', 'merge', 'check'] as const;
export type StageName = (typeof STAGES)[number];

export interface StageSummary {
  readonly stage: StageName;
  readonly seconds: number;
  /** Of all threads: up to `threads` times `seconds` where no core was idle. */
  readonly cpuSeconds: number;
  /** Input rows for scan and fold, result rows for merge and check, 0 elsewhere. */
  readonly rows: number;
  readonly rowsPerSecond: number;
}

/** What became of every row read: read = kept + invalid, and kept = folded + duplicates. */
export interface RowAccount {
  readonly read: number;
  readonly kept: number;
  readonly invalid: number;
  readonly invalidByReason: Readonly<Record<string, number>>;
  readonly unknownEventNames: Readonly<Record<string, number>>;
  readonly folded: number;
  readonly duplicates: number;
}

/** A written table: its rows, and one hash of them whatever their order and files. */
export interface TableSummary {
  readonly name: string;
  readonly rows: number;
  readonly contentHash: string;
}

/** The closing summary of a run: what `run` returns, --json prints and _run.json keeps. */
export interface RunSummary {
  readonly out: string;
  readonly events: RowAccount;
  readonly result: Statistics;
  readonly checks: readonly Check[];
  /** What became of each gate, in the order given. */
  readonly gates: readonly GateResult[];
  /** One hash of all result rows, whatever their order and files. */
  readonly contentHash: string;
  readonly tables: readonly TableSummary[];
  readonly files: number;
  readonly bytes: number;
  readonly spilledBytes: number;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly peakRssBytes: number;
  readonly seconds: number;
  readonly stages: readonly StageSummary[];
  /** True where an earlier run had published this very result, so that nothing was done. */
  readonly unchanged: boolean;
  /** Of `playfold update` alone. */
  readonly update?: UpdateSummary;
}

/** What an update read and changed. */
export interface UpdateSummary {
  /** True for the first call on a folder, and where all was folded anew. */
  readonly isFirst: boolean;
  readonly inputs: { readonly read: number; readonly skipped: number; readonly changed: number };
  /** ISO-8601, UTC: the latest event so far; null before the first. */
  readonly watermark: string | null;
  /** Events older than `lateness` before the watermark of the call before, of pairs that had been folded. */
  readonly late: { readonly mode: LateMode; readonly events: number; readonly pairs: number };
  /** Rows of the result that were computed anew; the others are as they were. */
  readonly rowsChanged: number;
  readonly filesWritten: number;
  readonly filesLinked: number;
}

/** What to do with late events. */
export type LateMode = 'reprocess' | 'quarantine' | 'fail';

/** What happens beside the stages, for logs. */
export interface Notice {
  readonly level: 'info' | 'warn';
  /** Null outside the stages. */
  readonly stage: StageName | null;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a run tells while it works. */
export interface Progress {
  readonly stage: StageName;
  /** Rows done in this stage, of those known; 0 where a stage has no rows to count. */
  readonly rowsDone: number;
  readonly rowsTotal: number;
  readonly stageSeconds: number;
}
