import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Database, quoteText } from '../duckdb.ts';
import { availableCores } from '../resources.ts';
import {
  drawSessions,
  eventList,
  LONGEST_SESSION_MS,
  placeSegments,
  type SessionSettings,
  videoDurationMs,
  videoIdOf,
} from './session-sql.ts';

export interface LakeOptions extends Omit<SessionSettings, 'coming'> {
  /** Exactly so many rows are written, duplicates and invalid rows included. */
  readonly eventCount: number;
  /** 10 where it is not said, fewer where these would have less than 20,000 events each. */
  readonly dayCount?: number | undefined;
  /** For how many days each user watches before he is gone; all of them where it is not said. */
  readonly activeDays?: number | undefined;
  readonly outDir: string;
  readonly threads?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly onProgress?: ((eventsWritten: number) => void) | undefined;
}

export interface LakeSummary {
  readonly eventCount: number;
  readonly fileCount: number;
  readonly byteLength: number;
  /** A folder of daily Parquet files. */
  readonly eventsPath: string;
  /** Parquet: videoId, duration in seconds, title; one video in twenty is not in it. */
  readonly videosPath: string;
}

const FIRST_DAY_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const USUAL_DAYS = 10;
const EVENTS_A_DAY = 20_000;
const EVENTS_A_SESSION = 6;

/**
 * Writes a lake of daily Parquet files in time order: UUID users and sessions, repeat visits, pauses, skips both
 * ways, playback at 1 to 2 times, sessions that just stop, 0.5 % duplicates, 0.2 % invalid rows. Equal options
 * give equal rows in equal order, on any number of threads. Day by day, so that memory does not grow.
 */
export async function generateLake(lakeOptions: LakeOptions): Promise<LakeSummary> {
  const options = planLake(lakeOptions);
  const eventsPath = join(options.outDir, 'events');
  const videosPath = join(options.outDir, 'videos.parquet');
  const tempFolder = join(options.outDir, '.temporary');
  await mkdir(eventsPath, { recursive: true });
  const database = await Database.open({
    threads: options.threads ?? availableCores(),
    memoryBytes: options.memoryBytes ?? 4e9,
    tempFolder,
  });
  try {
    await writeVideos(database, videosPath, options);
    const plan = await planDays(database, options);
    const files: string[] = [];
    let eventsWritten = 0;
    for (let day = 0; eventsWritten < options.eventCount; day++) {
      const path = join(
        eventsPath,
        `${new Date(FIRST_DAY_MS + day * DAY_MS).toISOString().slice(0, 10)}.parquet`,
      );
      eventsWritten += await writeDay(database, path, day, plan, options);
      files.push(path);
      options.onProgress?.(eventsWritten);
    }
    const sizes = await Promise.all(files.map(async (path) => (await stat(path)).size));
    const byteLength = sizes.reduce((sum, size) => sum + size, 0);
    return { eventCount: eventsWritten, fileCount: files.length, byteLength, eventsPath, videosPath };
  } finally {
    database.close();
    await rm(tempFolder, { recursive: true, force: true });
  }
}

async function writeVideos(
  database: Database,
  path: string,
  { videoCount, seed }: LakeOptions,
): Promise<void> {
  await database.run(
    `COPY (
      SELECT ${videoIdOf('video')} AS videoId, ${videoDurationMs('video', seed)} / 1e3 AS duration,
        'Lesson ' || video AS title
      FROM range(${videoCount}) AS numbers(video) WHERE hash(video, 'unlisted', ${seed}) % 20 <> 0 ORDER BY video
    ) TO ${quoteText(path)} (FORMAT parquet)`,
  );
}

/** The options, and what follows from them. */
interface LakePlan extends LakeOptions, SessionSettings {
  readonly dayCount: number;
}

function planLake(options: LakeOptions): LakePlan {
  const { eventCount, activeDays } = options;
  const dayCount =
    options.dayCount ?? Math.max(1, Math.min(USUAL_DAYS, Math.ceil(eventCount / EVENTS_A_DAY)));
  const comeAndGo = activeDays !== undefined && activeDays < dayCount;
  const coming = comeAndGo
    ? { firstMs: FIRST_DAY_MS, lengthMs: dayCount * DAY_MS, activeMs: activeDays * DAY_MS }
    : null;
  return { ...options, dayCount, coming };
}

/** Sessions by their number, spread evenly over the days, and single events that make up the exact count. */
interface DayPlan {
  readonly dayCount: number;
  readonly sessionCount: number;
  readonly fillerCount: number;
}

/** Finds how many sessions come just below the exact count; at most one event in a hundred is then a filler. */
async function planDays(database: Database, options: LakePlan): Promise<DayPlan> {
  const { eventCount, dayCount } = options;
  // A sample tells the events a session well enough: counting all of them takes as long as writing a day.
  const sampled = Math.min(100_000, Math.ceil(eventCount / EVENTS_A_SESSION));
  let sessionCount = Math.floor(
    (sampled * eventCount * 0.998) / (await countEvents(database, sampled, options)),
  );
  let best: DayPlan = { dayCount, sessionCount: 0, fillerCount: eventCount };
  for (let tries = 0; tries < 4 && best.fillerCount > eventCount / 100; tries++) {
    const drawn = await countEvents(database, sessionCount, options);
    const fillerCount = eventCount - drawn;
    if (fillerCount >= 0 && fillerCount < best.fillerCount) best = { dayCount, sessionCount, fillerCount };
    sessionCount = Math.floor(sessionCount * (eventCount / drawn) * 0.998);
  }
  return best;
}

async function countEvents(database: Database, sessionCount: number, options: LakePlan): Promise<number> {
  const sessions = sessionsBetween({ dayCount: options.dayCount, sessionCount }, FIRST_DAY_MS, Infinity);
  const [row] = await database.rows<{ count: number }>(
    `SELECT coalesce(sum(copies), 0)::DOUBLE AS count FROM (${eventRows(sessions, options)})`,
  );
  return Math.max(1, row?.count ?? 0);
}

/** SQL for the numbers and start times of the sessions that begin in [fromMs, untilMs). */
function sessionsBetween(
  { dayCount, sessionCount }: Pick<DayPlan, 'dayCount' | 'sessionCount'>,
  fromMs: number,
  untilMs: number,
): string {
  const lengthMs = dayCount * DAY_MS;
  const numberAt = (ms: number): number =>
    Math.min(sessionCount, Math.max(0, Math.ceil(((ms - FIRST_DAY_MS) / lengthMs) * sessionCount)));
  return `SELECT session, ${FIRST_DAY_MS} + (session * ${lengthMs}::HUGEINT // ${Math.max(1, sessionCount)})::BIGINT AS startMs
    FROM range(${numberAt(fromMs)}, ${numberAt(untilMs)}) AS numbers(session)`;
}

/** SQL for the events of sessions, one row an event: `copies` is 2 for those that were sent twice. */
function eventRows(sessions: string, options: LakePlan): string {
  const { seed } = options;
  return `
    SELECT session, viewer, video, event.atMs AS atMs, event.name AS name, event.positionMs AS positionMs,
      event.step AS step, 1 + (hash(session, event.step, 'copies', ${seed}) % 200 = 0)::INTEGER AS copies
    FROM (SELECT session, viewer, video, unnest(${eventList()}) AS event
      FROM (${placeSegments(drawSessions(sessions, options))}))`;
}

/** Writes the events of one day, in the order of time, and returns how many. */
async function writeDay(
  database: Database,
  path: string,
  day: number,
  plan: DayPlan,
  options: LakePlan,
): Promise<number> {
  const { seed, userCount, coming } = options;
  const firstUsers =
    coming === null
      ? userCount
      : Math.ceil((userCount * coming.activeMs) / (coming.lengthMs + coming.activeMs));
  const fromMs = FIRST_DAY_MS + day * DAY_MS;
  const sessions = sessionsBetween(plan, fromMs - LONGEST_SESSION_MS, fromMs + DAY_MS);
  const uuid = (text: string): string => `md5(concat(${text}, ' ', ${seed}))::UUID::VARCHAR`;
  const filler =
    day === 0
      ? `UNION ALL SELECT -1 - n AS session, hash(n, 'viewer', ${seed}) % ${firstUsers} AS viewer,
           hash(n, 'video', ${seed}) % ${options.videoCount} AS video,
           ${FIRST_DAY_MS} + (hash(n, 'at', ${seed}) % ${DAY_MS})::BIGINT AS atMs, 'video_play' AS name, 0 AS positionMs,
           0 AS step FROM range(${plan.fillerCount}) AS numbers(n)`
      : '';
  await database.run(
    `COPY (
      WITH events AS (
        SELECT session, viewer, video, atMs, name, positionMs, step
        FROM (SELECT *, unnest(range(copies)) FROM (${eventRows(sessions, options)}))
        WHERE atMs >= ${fromMs} AND atMs < ${fromMs + DAY_MS} ${filler}
      ), marked AS (
        SELECT *, CASE WHEN hash(session, step, 'invalid', ${seed}) % 500 = 0
          THEN (hash(session, step, 'reason', ${seed}) % 7)::INTEGER ELSE -1 END AS fault FROM events
      )
      SELECT CASE WHEN fault <> 0 THEN make_timestamptz(atMs * 1000) END AS "timestamp",
        CASE WHEN fault <> 1 THEN ${uuid("'user', viewer")} END AS userId,
        ${uuid("'session', session")} AS sessionId,
        CASE WHEN fault = 2 THEN '' ELSE ${videoIdOf('video')} END AS videoId,
        CASE WHEN fault = 3 THEN 'video_buffering' ELSE name END AS eventName,
        CASE fault WHEN 4 THEN NULL WHEN 5 THEN 'nan'::DOUBLE WHEN 6 THEN -1e0 ELSE positionMs / 1e3 END AS currentTime
      FROM marked ORDER BY atMs, session, step
    ) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  const [row] = await database.rows<{ rows: number }>(
    `SELECT num_rows::DOUBLE AS rows FROM parquet_file_metadata(${quoteText(path)})`,
  );
  return row?.rows ?? 0;
}
