import { barChart, histogram } from '../charts/bars.ts';
import type { ReportContext } from '../context.ts';
import { figure } from '../figure.ts';
import { type Html, html } from '../html.ts';
import { formatCount, formatPercent } from '../units.ts';

const BINS = 20;

/** Tiers, and how much of a video viewers watch. */
export async function engagement({ database, manifest }: ReportContext): Promise<Html> {
  const { result } = manifest.summary;
  const tiers = Object.entries(result.tiers).map(([tier, count]) => ({
    label: tier,
    value: count,
    text: formatPercent(result.rows === 0 ? 0 : (100 * count) / result.rows),
    color: `var(--tier-${tier.toLowerCase()})`,
  }));
  const bins = await database.rows<{ bin: number; count: number }>(
    `SELECT least(${BINS - 1}, floor(coalesce(uniqueWatchPercentage, watchPercentage) / ${100 / BINS}))::INTEGER AS bin,
       count(*)::DOUBLE AS count
     FROM engagement WHERE watchPercentage IS NOT NULL GROUP BY bin`,
  );
  const counts = Array.from({ length: BINS }, (_, i) => bins.find(({ bin }) => bin === i)?.count ?? 0);
  const known = counts.reduce((sum, count) => sum + count, 0);
  const step = 100 / BINS;
  const what = manifest.uniqueSeconds ? 'Seconds seen twice count once.' : 'Replays count again.';
  return html`<section><h2>How engaged are viewers?</h2><div class="grid">
${figure({
  title: 'Engagement tiers',
  note: 'Pairs of viewer and video by the tier of their score.',
  description: `Engagement tiers: ${tiers.map(({ label, text }) => `${label} ${text}`).join(', ')}`,
  chart: result.rows === 0 ? null : barChart(tiers),
  head: ['tier', 'pairs', 'share'],
  rows: tiers.map(({ label, value, text }) => [label, formatCount(value), text]),
})}
${figure({
  title: 'How much of a video is watched',
  note: `Pairs of viewer and video by the share of the video that was watched. ${what}`,
  description: `Histogram of the share watched: ${formatPercent(known === 0 ? 0 : (100 * counts[0]!) / known)} saw less than ${step} %, ${formatPercent(known === 0 ? 0 : (100 * counts[BINS - 1]!) / known)} at least ${100 - step} %`,
  chart: known === 0 ? null : histogram(counts, 'share of the video watched', 'pairs'),
  head: ['watched', 'pairs', 'share'],
  rows: counts.map((count, i) => [
    `${i * step}-${(i + 1) * step} %`,
    formatCount(count),
    formatPercent(known === 0 ? 0 : (100 * count) / known),
  ]),
})}
</div></section>`;
}
