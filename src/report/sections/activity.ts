import { dayChart } from '../charts/bars.ts';
import type { ReportContext } from '../context.ts';
import { figure } from '../figure.ts';
import { type Html, html } from '../html.ts';
import { formatCount, formatHours } from '../units.ts';

/** How the days of a table are counted, and what to call the result. */
interface Counting {
  readonly days: string;
  readonly hours: string;
  readonly viewersNote: string;
  readonly hoursTitle: string;
  readonly hoursNote: string;
}

const FROM_ENGAGEMENT: Counting = {
  days: `SELECT userId, firstWatchDate::DATE AS day FROM engagement UNION ALL SELECT userId, lastWatchDate::DATE FROM engagement`,
  hours: `SELECT firstWatchDate::DATE AS day, totalWatchTime AS seconds FROM engagement`,
  viewersNote:
    'Viewers whose first or last watch of some video falls on the day (UTC). Visits in between are not known, so this is at least so many.',
  hoursTitle: 'Watch hours by the day of the first watch',
  hoursNote: 'All hours of a viewer and a video count on the day (UTC) on which the viewer began it.',
};

const FROM_SESSIONS: Counting = {
  days: `SELECT userId, firstTimestamp::DATE AS day FROM sessions`,
  hours: `SELECT firstTimestamp::DATE AS day, watchTime AS seconds FROM sessions`,
  viewersNote: 'Viewers with a visit that began on the day (UTC).',
  hoursTitle: 'Watch hours by day',
  hoursNote: 'Hours of the visits that began on the day (UTC).',
};

/** Viewers and hours by day. */
export async function activity({ database, hasColumns }: ReportContext): Promise<Html> {
  const counting = hasColumns('sessions', 'userId', 'firstTimestamp', 'watchTime')
    ? FROM_SESSIONS
    : FROM_ENGAGEMENT;
  const viewers = await byDay(
    database,
    `SELECT day, count(DISTINCT userId)::DOUBLE AS value FROM (${counting.days}) GROUP BY day`,
  );
  const hours = await byDay(
    database,
    `SELECT day, sum(seconds) / 3600 AS value FROM (${counting.hours}) GROUP BY day`,
  );
  const busiest = (days: readonly Day[]): Day | undefined => days.toSorted((a, b) => b.value - a.value)[0];
  const span = (days: readonly Day[]): string =>
    days.length === 0 ? 'no days' : `${isoDay(days[0]!)} to ${isoDay(days[days.length - 1]!)}`;
  return html`<section><h2>When do they watch?</h2><div class="grid">
${figure({
  title: 'Active viewers a day',
  note: counting.viewersNote,
  description: `Active viewers a day, ${span(viewers)}, at most ${formatCount(busiest(viewers)?.value ?? 0)}`,
  chart: viewers.length === 0 ? null : dayChart(viewers, 'viewers'),
  head: ['day', 'viewers'],
  rows: viewers.map((day) => [isoDay(day), formatCount(day.value)]),
})}
${figure({
  title: counting.hoursTitle,
  note: counting.hoursNote,
  description: `${counting.hoursTitle}, ${span(hours)}, at most ${formatHours(busiest(hours)?.value ?? 0)}`,
  chart: hours.length === 0 ? null : dayChart(hours, 'hours'),
  head: ['day', 'hours'],
  rows: hours.map((day) => [isoDay(day), formatHours(day.value)]),
})}
</div></section>`;
}

interface Day {
  readonly day: Date;
  readonly value: number;
}

const isoDay = ({ day }: Day): string => day.toISOString().slice(0, 10);

/** Beyond so many days, days are left out of the report, the oldest first. */
const MAX_DAYS = 731;

/** Every day from the first to the last: those that `sql` (day, value) does not have count 0. */
async function byDay(database: ReportContext['database'], sql: string): Promise<Day[]> {
  const rows = await database.rows<{ day: string; value: number }>(`
    WITH counted AS (${sql})
    SELECT day::DATE::VARCHAR AS day, coalesce(value, 0) AS value
    FROM (SELECT unnest(range(greatest(min(day), max(day) - ${MAX_DAYS}), max(day) + INTERVAL 1 DAY, INTERVAL 1 DAY))::DATE AS day FROM counted)
    LEFT JOIN counted USING (day) ORDER BY day`);
  return rows.map(({ day, value }) => ({ day: new Date(`${day}T00:00:00Z`), value }));
}
