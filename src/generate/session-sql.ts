/** The most times that a generated session starts watching. */
const SEGMENTS = 6;
/** Sessions longer than this do not occur: a day's file needs no sessions that began earlier. Milliseconds. */
export const LONGEST_SESSION_MS = 6 * 3600 * 1000;

export interface SessionSettings {
  readonly userCount: number;
  readonly videoCount: number;
  readonly seed: number;
  /** Users come and go, and each watches for so long; null where each watches from the first day to the last. */
  readonly coming: Coming | null;
}

/** When users come: evenly spread, so that as many watch at any time. */
export interface Coming {
  readonly firstMs: number;
  readonly lengthMs: number;
  readonly activeMs: number;
}

/** A number from 0 to n - 1 that depends on the session, on what it is for, and on the seed. */
function pick(purpose: string, n: number | string, { seed }: SessionSettings): string {
  return `(hash(session, '${purpose}', ${seed}) % ${n})::BIGINT`;
}

/** SQL for the number of the user of a session. A few watch most: of users who come and go, those who came last. */
function drawViewer(settings: SessionSettings): string {
  const { userCount, coming } = settings;
  const drawn = `pow(${pick('user', 1_000_000_007, settings)} / 1000000007e0, 1.6)`;
  if (coming === null) return `(${userCount} * ${drawn})::BIGINT % ${userCount}`;
  const { firstMs, lengthMs, activeMs } = coming;
  const usersAMs = userCount / (lengthMs + activeMs);
  const came = `(startMs - ${firstMs} + ${activeMs}) * ${usersAMs.toExponential()}`;
  return `greatest(0, least(${userCount - 1}, floor(${came} - ${(activeMs * usersAMs).toExponential()} * ${drawn})))::BIGINT`;
}

/** SQL for the duration of a video by its number, in ms: 1 to 60 minutes, most of them short. */
export function videoDurationMs(video: string, seed: number): string {
  return `(60000 + 3540000 * pow((hash(${video}, 'duration', ${seed}) % 1000) / 1e3, 2.5))::BIGINT`;
}

/** SQL for the id of a video by its number. */
export function videoIdOf(video: string): string {
  return `printf('video_%06d', ${video})`;
}

/**
 * SQL that draws sessions: who watches what, how often they stop, and how the session ends. `rows` is SQL for a
 * table with `session` (its number) and `startMs`. A few users watch most, a few videos are watched most, and a
 * user comes back to the same handful of videos.
 */
export function drawSessions(rows: string, settings: SessionSettings): string {
  const { videoCount, seed } = settings;
  const segmentColumns = Array.from({ length: SEGMENTS }, (_, k) => drawSegment(k, settings)).flat();
  return `
    SELECT *, ${segmentColumns.join(', ')}
    FROM (
      SELECT *, ${videoDurationMs('video', seed)} AS durationMs
      FROM (
        SELECT *, (${videoCount} * pow((hash(viewer, slot, ${seed}) % 1000000) / 1e6, 3))::BIGINT % ${videoCount} AS video
        FROM (
          SELECT session, startMs,
            ${drawViewer(settings)} AS viewer,
            (8 * pow(${pick('slot', 1000, settings)} / 1e3, 2))::BIGINT AS slot,
            1 + least(${SEGMENTS - 1}, floor(-ln(1 - ${pick('count', 1000, settings)} / 1e3) * 2.6))::INTEGER AS segmentCount,
            [1000, 1000, 1000, 1000, 1250, 1500, 2000][1 + ${pick('rate', 7, settings)}] AS ratePerMille,
            ${pick('close', 100, settings)} AS closing,
            ${pick('gap', 200, settings)} = 0 AS hasLongGap
          FROM (${rows})
        )
      )
    )`;
}

/** Columns of the k-th time that a session watches: its length, the break after it and the jump in the break. */
function drawSegment(k: number, settings: SessionSettings): string[] {
  const length = pick(`length ${k}`, 3600, settings);
  const jump = pick(`jump ${k}`, 100, settings);
  const distance = pick(`distance ${k}`, 120_000, settings);
  return [
    `(3000 + ${length} * ${length} / 40)::BIGINT AS length${k}`,
    `(1500 + ${pick(`break ${k}`, 45_000, settings)} + CASE WHEN hasLongGap AND ${k} = 1 THEN 2400000 ELSE 0 END) AS break${k}`,
    `CASE WHEN ${jump} < 16 THEN 6000 + ${distance} WHEN ${jump} < 26 THEN -3000 - ${distance} ELSE 0 END AS jump${k}`,
    `${pick(`seek ${k}`, 3, settings)} = 0 AS seeks${k}`,
  ];
}

/** SQL that adds where (ms of video) and when (ms) each segment begins and ends. `sessions` is drawn sessions. */
export function placeSegments(sessions: string): string {
  let sql = `SELECT *, 0::BIGINT AS from0, least(length0, durationMs) AS to0, startMs AS begin0 FROM (${sessions})`;
  for (let k = 0; k < SEGMENTS; k++) {
    sql = `SELECT *, begin${k} + (to${k} - from${k}) * 1000 // ratePerMille AS end${k} FROM (${sql})`;
    if (k + 1 < SEGMENTS) {
      const next = `greatest(0, least(durationMs, to${k} + jump${k}))`;
      sql = `SELECT *, ${next} AS from${k + 1}, least(${next} + length${k + 1}, durationMs) AS to${k + 1},
        end${k} + break${k} AS begin${k + 1} FROM (${sql})`;
    }
  }
  return sql;
}

/**
 * SQL for the events of placed sessions as a list of (atMs, name, positionMs, step). One session in eight ends
 * without a closing event; one that reaches the end of its video ends there.
 */
export function eventList(): string {
  const events: string[] = [];
  for (let k = 0; k < SEGMENTS; k++) {
    const used = `segmentCount > ${k}`;
    const last = `segmentCount = ${k + 1}`;
    const event = (condition: string, at: string, name: string, position: string): void => {
      events.push(
        `CASE WHEN ${condition} THEN {'atMs': ${at}, 'name': ${name}, 'positionMs': ${position}, 'step': ${events.length}} END`,
      );
    };
    event(used, `begin${k}`, k === 0 ? `'video_play'` : `'video_resume'`, `from${k}`);
    event(
      `${used} AND closing % 10 = 3 AND to${k} - from${k} > 20000`,
      `begin${k} + 10000000 // ratePerMille`,
      `'video_progress'`,
      `from${k} + 10000`,
    );
    const closing = `CASE WHEN ${last} AND (to${k} = durationMs OR closing < 30) THEN 'video_end' ELSE 'video_pause' END`;
    event(`${used} AND NOT (${last} AND closing >= 88)`, `end${k}`, closing, `to${k}`);
    if (k + 1 < SEGMENTS)
      event(
        `segmentCount > ${k + 1} AND jump${k} <> 0 AND seeks${k}`,
        `end${k} + break${k} // 2`,
        `'video_seek'`,
        `from${k + 1}`,
      );
  }
  return `list_filter([${events.join(', ')}], event -> event IS NOT NULL)`;
}
