import type { Database } from '../duckdb.ts';
import { CLASS_END, CLASS_PAUSE, CLASS_PLAY, CLASS_PROGRESS, CLASS_RESUME } from '../kernel/layout.ts';
import type { SessionReport } from './report.ts';

/** Rows that are looked at session by session: about 200 MB. Beyond them, users are sampled. */
const SESSION_ROWS = 2_000_000;

/**
 * Looks at the sessions of all users, or, where the view `event_rows` keeps more than `SESSION_ROWS` rows, at those
 * of a sample of users by the hash of their id, so that sessions stay whole.
 */
export async function reviewSessions(
  database: Database,
  keptRows: number,
  maxRows = SESSION_ROWS,
): Promise<SessionReport> {
  const oneUserIn = Math.max(1, Math.ceil(keptRows / maxRows));
  await database.run(
    `CREATE TEMP TABLE session_rows AS
     SELECT hash(userId) AS u, hash(videoId) AS v, hash(sessionId) AS s, timestampUs, eventClass::TINYINT AS eventClass,
       positionUs, fromUs
     FROM event_rows WHERE reason IS NULL${oneUserIn === 1 ? '' : ` AND hash(userId) % ${oneUserIn} = 0`}`,
  );
  const [row] = await database.rows<{
    rows: number;
    folded: number;
    outOfOrder: number;
    sessions: number;
    withoutOpener: number;
    withoutClose: number;
  }>(
    `SELECT (SELECT count(*)::DOUBLE FROM session_rows) AS rows,
       (SELECT count(*)::DOUBLE FROM (SELECT DISTINCT * FROM session_rows)) AS folded,
       (SELECT count(*)::DOUBLE FROM (
          SELECT timestampUs < lag(timestampUs) OVER (PARTITION BY u, v, s ORDER BY rowid) AS late FROM session_rows
        ) WHERE late) AS outOfOrder,
       count(*)::DOUBLE AS sessions, count(*) FILTER (opened IS NULL)::DOUBLE AS withoutOpener,
       count(*) FILTER (opened > coalesce(closed, opened - 1))::DOUBLE AS withoutClose
     FROM (
       SELECT max(timestampUs * 8 + eventClass) FILTER (eventClass IN (${CLASS_PLAY}, ${CLASS_RESUME})) AS opened,
         max(timestampUs * 8 + eventClass) FILTER (eventClass IN (${CLASS_PAUSE}, ${CLASS_END}, ${CLASS_PROGRESS})) AS closed
       FROM session_rows GROUP BY u, v, s)`,
  );
  await database.run('DROP TABLE session_rows');
  const { folded, ...counts } = row!;
  return { oneUserIn, duplicates: counts.rows - folded, ...counts };
}
