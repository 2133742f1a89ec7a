import { barChart, histogram } from '../charts/bars.ts';
import { retentionChart } from '../charts/retention.ts';
import { LAST_SECOND, type ReportContext, type TopVideo } from '../context.ts';
import { RETENTION_COLUMNS } from '../curves.ts';
import { datum, figure } from '../figure.ts';
import { type Html, html } from '../html.ts';
import { formatCount, formatPercent, formatPosition } from '../units.ts';
import { describeCurve } from './videos.ts';

const CURVES = 6;
const BINS = 20;
const STOPS = 8;
/** Rows of the table behind a curve: one in twenty of its points. */
const TABLE_STEP = 5;

/** Retention curves of the top videos, and where viewers leave. */
export async function retention(context: ReportContext): Promise<Html> {
  const { manifest, hasColumns, videos } = context;
  const what = manifest.uniqueSeconds
    ? 'The share of a video’s viewers that saw each moment.'
    : 'The share of a video’s viewers that came at least so far: this run left out unique seconds.';
  const peaks = hasColumns('retention', ...RETENTION_COLUMNS)
    ? 'The line above counts views, replays included, for each viewer; dots mark what is watched again most.'
    : 'Dots mark the moments that viewers jump to.';
  return html`<section><h2>Where do viewers stay, and where do they leave?</h2>
<p>${what} ${manifest.uniqueSeconds ? peaks : null}</p>
<div class="grid">
${videos.slice(0, CURVES).map(curveFigure)}
${await dropOff(context)}
${stops(context)}
</div></section>`;
}

function curveFigure({ name, viewers, curve, views, peaks, lengthSeconds }: TopVideo): Html {
  const marked = peaks.map(({ seconds }) => formatPosition(seconds)).join(', ');
  return figure({
    title: name,
    note: `${formatCount(viewers)} viewers, ${formatPosition(lengthSeconds)} long`,
    description: `Retention of ${name}: ${describeCurve(curve.map(({ percent }) => percent))}${marked === '' ? '' : `; peaks at ${marked}`}`,
    chart: retentionChart({ viewers: curve, views, peaks, lengthSeconds }),
    head: ['position', 'viewers', ...(views === null ? [] : ['views'])],
    rows: curve.flatMap(({ seconds, percent }, i) => {
      if (i % TABLE_STEP !== 0) return [];
      const seen = views === null ? [] : [formatPercent(views[i]?.percent ?? 0)];
      return [[formatPosition(seconds), formatPercent(percent), ...seen]];
    }),
  });
}

/** Where those who never came to the end stopped, over all videos. */
async function dropOff({ database, manifest }: ReportContext): Promise<Html> {
  const rows = await database.rows<{ bin: number; count: number }>(
    `SELECT least(${BINS - 1}, floor(${BINS} * lastSecond / videoDuration))::INTEGER AS bin, count(*)::DOUBLE AS count
     FROM (
       SELECT videoDuration, ${LAST_SECOND} AS lastSecond
       FROM engagement WHERE NOT isCompletedAtLeastOnce AND videoDuration > 0
     ) GROUP BY bin`,
  );
  const counts = Array.from({ length: BINS }, (_, i) => rows.find(({ bin }) => bin === i)?.count ?? 0);
  const stopped = counts.reduce((sum, count) => sum + count, 0);
  const early = counts.slice(0, BINS / 4).reduce((sum, count) => sum + count, 0);
  const step = 100 / BINS;
  const title = 'Where viewers stop, over all videos';
  return figure({
    title,
    note: `Of ${formatCount(manifest.summary.result.rows)} pairs of viewer and video, ${formatCount(stopped)} never came to an end event: the last moment that they watched.`,
    description: `${title}: ${formatPercent(stopped === 0 ? 0 : (100 * early) / stopped)} of those who stop do so in the first quarter`,
    chart: stopped === 0 ? null : histogram(counts, 'share of the video gone by', 'pairs'),
    head: ['stopped at', 'pairs', 'share'],
    rows: counts.map((count, i) => [
      `${i * step}-${(i + 1) * step} %`,
      formatCount(count),
      formatPercent(stopped === 0 ? 0 : (100 * count) / stopped),
    ]),
  });
}

/** The top videos by how early viewers give up. */
function stops({ videos }: ReportContext): Html {
  const bars = videos
    .filter(({ medianStopPercent }) => medianStopPercent !== null)
    .toSorted((a, b) => a.medianStopPercent! - b.medianStopPercent!)
    .slice(0, STOPS)
    .map(({ name, medianStopPercent }) => ({
      label: name,
      value: medianStopPercent!,
      text: formatPercent(medianStopPercent),
    }));
  const title = 'Left earliest, of the top videos';
  return figure({
    title,
    note: 'The point of the video by which half of those who never came to an end event had stopped.',
    description: `${title}: ${bars.map(({ label, text }) => `${label} ${text}`).join(', ')}`,
    chart: bars.length === 0 ? null : barChart(bars),
    head: ['video', 'half had stopped by'],
    rows: bars.map(({ label, text }) => [datum(label), text]),
  });
}
