import { clearLine, cursorTo } from 'node:readline';
import type { WriteStream } from 'node:tty';
import colors from 'picocolors';
import type { Progress } from '../summary.ts';

const LINE_EVERY_MS = 30_000;
const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1, notation: 'compact' });

/** Draws progress in place on a terminal; writes a line every 30 s elsewhere. Call `end` before other output. */
export function showProgress(stream: WriteStream): { show: (progress: Progress) => void; end: () => void } {
  let drawn = false;
  let lastLineMs = performance.now();
  const show = (progress: Progress): void => {
    if (stream.isTTY) {
      cursorTo(stream, 0);
      stream.write(formatProgress(progress, true).slice(0, 4 * (stream.columns ?? 80)));
      clearLine(stream, 1);
      drawn = true;
    } else if (performance.now() - lastLineMs >= LINE_EVERY_MS) {
      lastLineMs = performance.now();
      stream.write(`${formatProgress(progress, false)}\n`);
    }
  };
  const end = (): void => {
    if (!drawn) return;
    cursorTo(stream, 0);
    clearLine(stream, 0);
    drawn = false;
  };
  return { show, end };
}

/** One line: stage, rows done of rows known, rows a second, time left. */
export function formatProgress(
  { stage, rowsDone, rowsTotal, stageSeconds }: Progress,
  withColors: boolean,
): string {
  const name = stage.padEnd(7);
  const parts = [withColors ? colors.bold(name) : name];
  if (rowsTotal > 0 && rowsDone > 0) {
    // What is known of text files is an estimate: it never shows more done than known.
    const known = Math.max(rowsTotal, rowsDone);
    const rate = rowsDone / Math.max(stageSeconds, 1e-3);
    const percent = Math.floor((100 * rowsDone) / known);
    parts.push(`${number.format(rowsDone)} of ${number.format(known)} rows (${percent} %)`);
    parts.push(`${number.format(rate)} rows/s`, `${formatSeconds((known - rowsDone) / rate)} left`);
  } else {
    parts.push(formatSeconds(stageSeconds));
  }
  return parts.join('  ');
}

function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.ceil(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
