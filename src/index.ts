export { type CheckOptions, check } from './check/check.ts';
export type { CheckReport, ReportedLayout, ReportedMatch, SampleRow, SessionReport } from './check/report.ts';
export type { Config, ConfigInput } from './config/schema.ts';
export { EXIT, type ExitCode, PlayfoldError } from './errors.ts';
export { type Explanation, explain, type Pair } from './explain/explain.ts';
export { StoppedError } from './progress-counters.ts';
export { run } from './run.ts';
export type { RunOptions } from './run-options.ts';
export type { Check } from './sink/checks.ts';
export type { Statistics, TopVideo } from './sink/statistics.ts';
export { type Difference, type Verification, verifyResult } from './sink/verify.ts';
export type {
  LateMode,
  Notice,
  Progress,
  RowAccount,
  RunSummary,
  StageName,
  StageSummary,
  TableSummary,
  UpdateSummary,
} from './summary.ts';
export { update } from './update/update.ts';
export type { UpdateOptions } from './update/update-options.ts';
export { VERSION } from './version.ts';
