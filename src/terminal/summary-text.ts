import colors from 'picocolors';
import type { RunSummary, UpdateSummary } from '../summary.ts';
import { formatTable } from './table.ts';

const count = new Intl.NumberFormat('en-US');
const fixed = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const megabytes = (byteLength: number): string => `${fixed.format(byteLength / 1e6)} MB`;

const share = (part: number, whole: number): string =>
  whole === 0 ? '' : ` (${fixed.format((100 * part) / whole)} %)`;

/** Lines of `name: count`, those of zero left out. */
function countLines(counts: Readonly<Record<string, number>>, whole: number, indent: string): string[] {
  return Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([name, n]) => `${indent}${name}: ${count.format(n)}${share(n, whole)}`);
}

/** The closing summary as text for people. */
export function formatSummary(summary: RunSummary): string {
  const { events, result } = summary;
  const lines = [
    colors.bold('Events'),
    `  read ${count.format(events.read)} = kept ${count.format(events.kept)} + invalid ${count.format(events.invalid)}`,
    ...countLines(events.invalidByReason, events.read, '    '),
    ...countLines(events.unknownEventNames, events.read, '      '),
    `  kept ${count.format(events.kept)} = folded ${count.format(events.folded)} + duplicates ${count.format(events.duplicates)}`,
    ...(summary.update === undefined ? [] : updateLines(summary.update)),
    colors.bold('Result'),
    `  ${count.format(result.rows)} rows: ${count.format(result.users)} users, ${count.format(result.videos)} videos, ` +
      `${count.format(Math.round(result.totalWatchSeconds / 3600))} hours watched`,
    '  tiers',
    ...countLines(result.tiers, result.rows, '    '),
    '  flags',
    ...countLines(result.flags, result.rows, '    '),
    ...quartileLines(summary),
    '  top videos by watch time',
    ...topVideos(summary),
    ...gateLines(summary),
    ...tableLines(summary),
    colors.bold('Stages'),
    ...stageTable(summary),
    `  ${fixed.format(summary.seconds)} s with ${summary.threads} thread${summary.threads === 1 ? '' : 's'}, peak memory ` +
      `${megabytes(summary.peakRssBytes)}, spilled ${megabytes(summary.spilledBytes)}`,
    `${colors.bold('Written')} ${summary.out}: ${count.format(summary.files)} files, ${megabytes(summary.bytes)}, ` +
      `content hash ${summary.contentHash}; ${summary.checks.length} checks hold`,
  ];
  return `${lines.join('\n')}\n`;
}

function tableLines({ tables = [] }: RunSummary): string[] {
  if (tables.length === 0) return [];
  return [colors.bold('Tables'), ...tables.map(({ name, rows }) => `  ${name}: ${count.format(rows)} rows`)];
}

function gateLines({ gates = [] }: RunSummary): string[] {
  if (gates.length === 0) return [];
  const lines = gates.map(({ gate, outcome, value }) =>
    outcome === 'skipped'
      ? `  ${gate}: skipped, there is nothing to compare with yet`
      : `  ${gate}: ${outcome}, it is ${fixed.format(value ?? 0)}${gate.endsWith('%') ? ' %' : ''}`,
  );
  return [colors.bold('Gates'), ...lines];
}

const LATE_WORDS = { reprocess: 'folded again', quarantine: 'set aside in _late', fail: 'refused' };

function updateLines({ inputs, watermark, late, rowsChanged, filesWritten, filesLinked }: UpdateSummary) {
  const lateWords =
    late.events === 0 ? '' : ` of ${count.format(late.pairs)} pairs, ${LATE_WORDS[late.mode]}`;
  return [
    colors.bold('Update'),
    `  inputs read ${count.format(inputs.read)}, skipped ${count.format(inputs.skipped)}, changed ${count.format(inputs.changed)}; ` +
      `latest event ${watermark ?? 'none'}`,
    `  late events ${count.format(late.events)}${lateWords}`,
    `  ${count.format(rowsChanged)} rows changed; files written ${count.format(filesWritten)}, kept ${count.format(filesLinked)}`,
  ];
}

function quartileLines({ result }: RunSummary): string[] {
  if (result.watchPercentageQuartiles === null) return [];
  const [q1, median, q3] = result.watchPercentageQuartiles.map((value) => `${fixed.format(value)} %`);
  return [`  watch percentage: a quarter up to ${q1}, half up to ${median}, three quarters up to ${q3}`];
}

function topVideos({ result }: RunSummary): string[] {
  const rows = result.topVideos.map(({ videoId, title, viewers, watchSeconds }) => [
    videoId,
    title ?? '',
    count.format(viewers),
    fixed.format(watchSeconds / 3600),
  ]);
  return formatTable(['video', 'title', 'viewers', 'hours'], rows, '    ');
}

function stageTable({ stages }: RunSummary): string[] {
  const rows = stages.map(({ stage, seconds, rows: done, rowsPerSecond }) => [
    stage,
    fixed.format(seconds),
    done === 0 ? '' : count.format(done),
    done === 0 ? '' : count.format(rowsPerSecond),
  ]);
  return formatTable(['stage', 'seconds', 'rows', 'rows/s'], rows, '  ');
}
