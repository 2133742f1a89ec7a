import type { Notice, Progress, RunSummary } from '../summary.ts';
import { printable } from './printable.ts';

/** One event of a run, as `--log json` writes it: a line of its own, without colours. */
export interface LogRecord {
  readonly level: 'info' | 'warn' | 'error';
  readonly stage: string | null;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const PROGRESS_EVERY_SECONDS = 30;

/** Text of a record: one line of NDJSON, with the time in UTC in front. */
export function formatRecord({ level, stage, message, fields }: LogRecord): string {
  return `${JSON.stringify({ time: new Date().toISOString(), level, stage, message, fields })}\n`;
}

/** An error as one line: its message and those of its causes. */
export function messageOf(error: unknown): string {
  const messages: string[] = [];
  for (
    let at = error;
    at !== undefined && messages.length < 8;
    at = at instanceof Error ? at.cause : undefined
  )
    messages.push(at instanceof Error ? at.message : String(at));
  return printable(messages.join('; because: ').replaceAll(/\s*\n\s*/g, ' '));
}

/** A record for what ended the process; `stack` is that of a bug. */
export function errorRecord(error: unknown, exitCode: number, stack: string | null = null): LogRecord {
  const fields = stack === null ? { exitCode } : { exitCode, stack };
  return { level: 'error', stage: null, message: messageOf(error), fields };
}

/** Writes the events of a run to a stream: stages, what happens beside them, and the end. */
export function openLog(stream: NodeJS.WritableStream) {
  const write = (record: LogRecord): void => {
    stream.write(formatRecord(record));
  };
  let current: { readonly stage: string; readonly beganMs: number } | null = null;
  let loggedSeconds = 0;
  const endStage = (): void => {
    if (current === null) return;
    const seconds = Math.round(performance.now() - current.beganMs) / 1000;
    write({ level: 'info', stage: current.stage, message: 'stage ended', fields: { seconds } });
    current = null;
  };
  return {
    progress(progress: Progress): void {
      const { stage, rowsDone, rowsTotal, stageSeconds } = progress;
      if (current?.stage !== stage) {
        endStage();
        loggedSeconds = 0;
        current = { stage, beganMs: performance.now() };
        write({ level: 'info', stage, message: 'stage began', fields: { rowsTotal } });
      } else if (stageSeconds - loggedSeconds >= PROGRESS_EVERY_SECONDS) {
        loggedSeconds = stageSeconds;
        write({ level: 'info', stage, message: 'stage goes on', fields: { rowsDone, rowsTotal } });
      }
    },
    notice(notice: Notice): void {
      write(notice);
    },
    end({ out, events, result, contentHash, seconds, peakRssBytes, unchanged, update }: RunSummary): void {
      endStage();
      const { read, kept, invalid, folded, duplicates } = events;
      const fields = { out, unchanged, read, kept, invalid, folded, duplicates, rows: result.rows };
      const message = 'run complete';
      write({
        level: 'info',
        stage: null,
        message,
        fields: {
          ...fields,
          contentHash,
          seconds,
          peakRssBytes,
          ...(update === undefined ? {} : { update }),
        },
      });
    },
  };
}
