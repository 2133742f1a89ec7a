import type { Notice, Progress, RunSummary } from '../summary.ts';
import { openLog } from './log.ts';
import { showProgress } from './progress.ts';
import { formatSummary } from './summary-text.ts';

export interface OutputOptions {
  readonly log: 'text' | 'json';
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What a run shows: progress and notices on stderr, the summary on stdout. */
export interface RunOutput {
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly onNotice: (notice: Notice) => void;
  /** Shows the summary. */
  finish(summary: RunSummary): void;
  /** Leaves the line free, whether the run succeeded or not. */
  end(): void;
}

export function openRunOutput({ log, json, quiet }: OutputOptions): RunOutput {
  const records = log === 'json' ? openLog(process.stderr) : null;
  const drawn = quiet || records !== null ? null : showProgress(process.stderr);
  return {
    onProgress: quiet ? undefined : (records?.progress ?? drawn?.show),
    onNotice(notice) {
      if (quiet && notice.level === 'info') return;
      drawn?.end();
      if (records !== null) records.notice(notice);
      else if (notice.level === 'warn') process.stderr.write(`playfold: ${describeNotice(notice)}\n`);
    },
    finish(summary) {
      drawn?.end();
      if (!quiet) records?.end(summary);
      if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
      else if (!quiet)
        process.stdout.write(summary.unchanged ? describeUnchanged(summary) : formatSummary(summary));
    },
    end: () => drawn?.end(),
  };
}

function describeNotice({ message, fields }: Notice): string {
  const details = Object.entries(fields).map(([name, value]) => `${name} ${value}`);
  return details.length === 0 ? message : `${message} (${details.join(', ')})`;
}

function describeUnchanged({ out, result, contentHash, update }: RunSummary): string {
  if (update !== undefined)
    return `Nothing to do: all that these inputs hold is in ${out} already (content hash ${contentHash}).\n`;
  return (
    `Nothing to do: ${out} holds the result of these inputs, options and version already ` +
    `(${new Intl.NumberFormat('en-US').format(result.rows)} rows, content hash ${contentHash}). --force runs again.\n`
  );
}
