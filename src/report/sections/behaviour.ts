import { barChart, classChart } from '../charts/bars.ts';
import type { ReportContext } from '../context.ts';
import { datum, figure } from '../figure.ts';
import { type Html, html } from '../html.ts';
import { formatCount, formatPercent, formatRatio } from '../units.ts';

/** Classes of a count: their label and the smallest count in them. */
const CLASSES = [
  ['0', 0],
  ['1', 1],
  ['2', 2],
  ['3-5', 3],
  ['6-10', 6],
  ['11+', 11],
] as const;

const SHOWN = 8;

/** Skips, visits and replays. */
export async function behaviour(context: ReportContext): Promise<Html> {
  const { database, manifest } = context;
  const rows = manifest.summary.result.rows;
  const counted = await database.rows<{ kind: string; class: number; count: number }>(
    ['totalForwardSkips', 'totalBackwardSkips', 'sessionCount', 'replayCount']
      .map(
        (column) =>
          `SELECT '${column}' AS kind, ${classSql(column)} AS class, count(*)::DOUBLE AS count FROM engagement GROUP BY class`,
      )
      .join(' UNION ALL '),
  );
  const chart = (kind: string, title: string, note: string, xLabel: string, from = 0): Html => {
    const bars = CLASSES.slice(from).map(([label], i) => {
      const count = counted.find((row) => row.kind === kind && row.class === i + from)?.count ?? 0;
      const percent = rows === 0 ? 0 : (100 * count) / rows;
      return { label, value: percent, text: formatPercent(percent), count };
    });
    return figure({
      title,
      note,
      description: `${title}: ${bars.map(({ label, text }) => `${label}: ${text}`).join(', ')}`,
      chart: rows === 0 ? null : classChart(bars, xLabel, '% of pairs'),
      head: [xLabel, 'pairs', 'share'],
      rows: bars.map(({ label, count, text }) => [label, formatCount(count), text]),
    });
  };
  return html`<section><h2>How do they watch?</h2>
<p>Each chart shows the share of pairs of viewer and video with so many skips, visits or replays.</p>
<div class="grid">
${chart('totalForwardSkips', 'Skips ahead', `Jumps ahead by more than ${manifest.config.forwardSkipSeconds} s.`, 'skips ahead')}
${chart('totalBackwardSkips', 'Skips back', `Jumps back by more than ${manifest.config.backwardSkipSeconds} s.`, 'skips back')}
${chart('sessionCount', 'Visits', 'How often a viewer came to a video.', 'visits', 1)}
${chart('replayCount', 'Replays', 'Restarts after the end, within a visit.', 'replays')}
${rewatched(context)}
${skipped(context)}
</div></section>`;
}

/** SQL for the number of the class of a count. */
function classSql(column: string): string {
  const cases = CLASSES.map(([, from], i) => `WHEN ${column} >= ${from} THEN ${i}`).reverse();
  return `CASE ${cases.join(' ')} END`;
}

function rewatched({ videos, manifest }: ReportContext): Html | null {
  if (!manifest.uniqueSeconds) return null;
  const bars = videos
    .filter(({ watchRatio }) => watchRatio !== null)
    .toSorted((a, b) => b.watchRatio! - a.watchRatio!)
    .slice(0, SHOWN)
    .map(({ name, watchRatio }) => ({ label: name, value: watchRatio!, text: formatRatio(watchRatio) }));
  return figure({
    title: 'Most watched again, of the top videos',
    note: 'Seconds watched for each different second seen: 1 is once through, 2 is everything twice.',
    description: `Seconds watched a second seen: ${bars.map(({ label, text }) => `${label} ${text}`).join(', ')}`,
    chart: bars.length === 0 ? null : barChart(bars),
    head: ['video', 'watched a second seen'],
    rows: bars.map(({ label, text }) => [datum(label), text]),
  });
}

function skipped({ videos }: ReportContext): Html {
  const bars = videos
    .toSorted((a, b) => b.skipsPerViewer - a.skipsPerViewer)
    .slice(0, SHOWN)
    .map(({ name, skipsPerViewer }) => ({
      label: name,
      value: skipsPerViewer,
      text: formatRatio(skipsPerViewer),
    }));
  const title = 'Most skipped in, of the top videos';
  return figure({
    title,
    note: 'Skips ahead and back, for each viewer of the video.',
    description: `${title}: ${bars.map(({ label, text }) => `${label} ${text}`).join(', ')}`,
    chart: bars.length === 0 ? null : barChart(bars),
    head: ['video', 'skips a viewer'],
    rows: bars.map(({ label, text }) => [datum(label), text]),
  });
}
