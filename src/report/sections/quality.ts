import { barChart } from '../charts/bars.ts';
import type { ReportContext } from '../context.ts';
import { datum, figure, table } from '../figure.ts';
import { type Html, html } from '../html.ts';
import { formatCount, formatPercent } from '../units.ts';

const UNKNOWN_NAMES = 10;
/** Characters of the longest name of a flag. */
const LONGEST_NAME = 34;

const FLAG_MEANINGS: Readonly<Record<string, string>> = {
  ok: 'nothing to remark',
  position_exceeds_duration: 'a position beyond the end of the video',
  excessive_watch_time: 'more watched than the visits allow',
  completed_without_sufficient_watch: 'ended, but little of it was seen',
  implausible_segment: 'more video in a time than can be played',
  very_short_watch: 'hardly started',
  unknown_duration: 'no duration in the metadata or the events',
};

/** What was read and what became of it; how far rows can be trusted. */
export async function quality({ manifest }: ReportContext): Promise<Html> {
  const { events, result, checks } = manifest.summary;
  return html`<section><h2>Can the numbers be trusted?</h2>
<p>Every row is accounted for:
<b>${formatCount(events.read)}</b> read = <b>${formatCount(events.kept)}</b> kept + <b>${formatCount(events.invalid)}</b> invalid, and
<b>${formatCount(events.kept)}</b> kept = <b>${formatCount(events.folded)}</b> folded + <b>${formatCount(events.duplicates)}</b> duplicates.
${formatCount(checks.length)} checks of the written result hold.</p>
<div class="grid">
${counts({
  title: 'Invalid events by reason',
  note: `Of ${formatCount(events.read)} events read, ${formatPercent(share(events.invalid, events.read))} could not be used.`,
  counts: Object.entries(events.invalidByReason),
  whole: events.read,
  color: 'var(--warn)',
})}
${counts({
  title: 'Quality flags',
  note: 'Pairs of viewer and video that carry each flag; one may carry several.',
  counts: Object.entries(result.flags),
  whole: result.rows,
  color: 'var(--warn)',
})}
</div>
${unknownNames(events.unknownEventNames)}
</section>`;
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);

interface Counts {
  readonly title: string;
  readonly note: string;
  readonly counts: readonly (readonly [name: string, count: number])[];
  readonly whole: number;
  readonly color: string;
}

function counts({ title, note, counts, whole, color }: Counts): Html {
  const words = (name: string): string => name.replaceAll('_', ' ');
  const bars = counts.map(([name, count]) => ({
    label: words(name),
    value: count,
    text: formatPercent(share(count, whole)),
    color: name === 'ok' ? 'var(--good)' : color,
  }));
  return figure({
    title,
    note,
    description: `${title}: ${bars.map(({ label, text }) => `${label} ${text}`).join(', ')}`,
    chart: whole === 0 ? null : barChart(bars, LONGEST_NAME),
    head: ['', 'count', 'share', ...(counts.some(([name]) => name in FLAG_MEANINGS) ? ['meaning'] : [])],
    rows: counts.map(([name, count]) => [
      words(name),
      formatCount(count),
      formatPercent(share(count, whole)),
      ...(name in FLAG_MEANINGS ? [FLAG_MEANINGS[name]!] : []),
    ]),
  });
}

function unknownNames(names: Readonly<Record<string, number>>): Html | null {
  const entries = Object.entries(names).sort(([, a], [, b]) => b - a);
  if (entries.length === 0) return null;
  const rest = entries.length - UNKNOWN_NAMES;
  return html`<details><summary>Event names that playfold does not know</summary>
${table(
  'Unknown event names',
  ['event name', 'events'],
  entries.slice(0, UNKNOWN_NAMES).map(([name, count]) => [datum(name), formatCount(count)]),
)}
${rest > 0 ? html`<p>and ${formatCount(rest)} more names.</p>` : null}
<p>Map them to a class with eventNames in the configuration, if they matter.</p></details>`;
}
