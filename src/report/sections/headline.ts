import type { ReportContext } from '../context.ts';
import { type Html, html } from '../html.ts';
import { formatCount, formatHours, formatPercent, formatRatio } from '../units.ts';

/** The figures to remember. */
export async function headline({ database, manifest }: ReportContext): Promise<Html> {
  const { result, events } = manifest.summary;
  const [row] = await database.rows<{
    sessions: number;
    watched: number | null;
    completed: number | null;
    score: number | null;
  }>(`SELECT coalesce(sum(sessionCount), 0)::DOUBLE AS sessions,
      avg(coalesce(uniqueWatchPercentage, watchPercentage)) AS watched,
      100 * avg(isCompletedAtLeastOnce::INTEGER) AS completed, avg(engagementScore) AS score FROM engagement`);
  const sessions = row?.sessions ?? 0;
  const each = (total: number, count: number): number => (count === 0 ? 0 : total / count);
  const hours = result.totalWatchSeconds / 3600;
  const cards: readonly (readonly [name: string, value: string, note: string])[] = [
    ['Viewers', formatCount(result.users), 'different users'],
    ['Watch time', formatHours(hours), `${formatHours(each(hours, result.users))} a viewer`],
    ['Visits', formatCount(sessions), `${formatRatio(each(sessions, result.users))} a viewer`],
    ['Videos', formatCount(result.videos), `${formatRatio(each(result.rows, result.users))} a viewer`],
    ['Watched', formatPercent(row?.watched ?? null), 'of a video by a viewer, on average'],
    ['Completed', formatPercent(row?.completed ?? null), 'of videos begun came to an end event'],
    [
      'Engagement',
      formatRatio(row?.score ?? null),
      manifest.config.engagement.formula === 'normalized' ? 'mean score, of 100' : 'mean points',
    ],
    [
      'Without a flag',
      formatPercent(result.rows === 0 ? null : (100 * (result.flags.ok ?? 0)) / result.rows),
      `of pairs; ${formatPercent(100 * each(events.invalid, events.read))} of events were invalid`,
    ],
  ];
  return html`<section aria-label="Headline figures"><dl class="cards">${cards.map(
    ([name, value, note]) =>
      html`<div><dt>${name}</dt><dd><strong>${value}</strong><span>${note}</span></dd></div>`,
  )}</dl></section>`;
}
