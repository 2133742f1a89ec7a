import { sparkline } from '../charts/retention.ts';
import type { ReportContext } from '../context.ts';
import { datum, table } from '../figure.ts';
import { type Html, html } from '../html.ts';
import { formatCount, formatHours, formatPercent, formatPosition, formatRatio } from '../units.ts';

/** The videos watched longest. */
export async function videos({ videos, manifest }: ReportContext): Promise<Html> {
  const rows = videos.map((video) => [
    datum(video.name),
    html`<span class="spark" role="img" aria-label="Retention: ${describeCurve(video.curve.map(({ percent }) => percent))}">${sparkline(video.curve.map(({ percent }) => percent))}</span>`,
    formatCount(video.viewers),
    formatHours(video.watchHours),
    formatPercent(video.watchedPercent),
    formatPercent(video.completedPercent),
    formatRatio(video.skipsPerViewer),
    formatPosition(video.lengthSeconds),
  ]);
  const { result } = manifest.summary;
  return html`<section><h2>Which videos are watched?</h2>
<p>${videos.length < result.videos ? `The ${videos.length} of ${formatCount(result.videos)} videos` : 'The videos'} with the most watch time. The small curve shows what share of viewers saw each moment.</p>
${table('Top videos', ['video', 'retention', 'viewers', 'watch time', 'watched', 'completed', 'skips a viewer', 'length'], rows)}
</section>`;
}

/** What a curve says in words: its height at the start, in the middle and at the end. */
export function describeCurve(percents: readonly number[]): string {
  const at = (share: number): string =>
    formatPercent(percents[Math.round(share * (percents.length - 1))] ?? 0);
  return `${at(0)} of viewers at the start, ${at(0.5)} in the middle, ${at(1)} at the end`;
}
