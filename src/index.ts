export type { Config, ConfigInput } from './config/schema.ts';
export { EXIT, type ExitCode, PlayfoldError } from './errors.ts';
export { StoppedError } from './progress-counters.ts';
export { run } from './run.ts';
export type { RunOptions } from './run-options.ts';
export type { Check } from './sink/checks.ts';
export type { Statistics, TopVideo } from './sink/statistics.ts';
export type { Progress, RowAccount, RunSummary, StageName, StageSummary } from './summary.ts';
export { VERSION } from './version.ts';
