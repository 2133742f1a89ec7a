import { readReady } from '../../query/ready.ts';
import type { ReportContext } from '../context.ts';
import { datum, table } from '../figure.ts';
import { type Html, html } from '../html.ts';
import { formatCount, formatHours, formatRatio } from '../units.ts';

const SHOWN = 20;

/** The users who watch longest, by id: only where asked for. */
export async function users({ database }: ReportContext): Promise<Html> {
  const reader = await database.connection.runAndReadAll(readReady('power-users').sql, { limit: SHOWN });
  const rows = reader
    .getRowObjectsJson()
    .map((row) => [
      datum(String(row.userId)),
      formatCount(Number(row.videos)),
      formatCount(Number(row.sessions)),
      formatHours(Number(row.watchHours)),
      formatCount(Number(row.videosCompleted)),
      formatRatio(row.avgScore === null ? null : Number(row.avgScore)),
      String(row.lastDay),
    ]);
  return html`<section><h2>Who watches most?</h2>
<p>This page names users because it was made with --with-users.</p>
${table('Top users', ['user', 'videos', 'visits', 'watch time', 'completed', 'mean score', 'last watch'], rows)}
</section>`;
}
