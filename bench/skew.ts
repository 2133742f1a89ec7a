import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Database, quoteText } from '../src/duckdb.ts';
import { availableCores } from '../src/resources.ts';
import type { RunSummary } from '../src/summary.ts';
import { type Measured, measure } from './child.ts';

/** What a skewed lake must come to. */
export interface SkewFigures {
  readonly rows: number;
  readonly users: number;
  readonly videos: number;
  readonly watchSeconds: number;
}

/** A lake whose events are spread as unevenly as they can be: each has a play or a pause in turn. */
export interface Skew {
  readonly name: string;
  readonly eventCount: number;
  /** SQL for the event with the even or odd number `i`. */
  readonly columns: { user: string; session: string; video: string; seconds: string; position: string };
  readonly figures: SkewFigures;
}

const PLAY_SECONDS = 10;

/** The five of them, with `scale` times their full number of events. */
export function skewedLakes(scale: number): Skew[] {
  const count = (full: number): number => 2 * Math.round((full * scale) / 2);
  // The i // 2-th play begins at a position that goes round in an hour, ten seconds behind the one before.
  const rotating = {
    seconds: 'i * 10',
    position: `(i // 2 * ${PLAY_SECONDS}) % 3600 + (i % 2) * ${PLAY_SECONDS}`,
  };
  const watched = (events: number): number => (events / 2) * PLAY_SECONDS;
  const oneUser = count(20e6);
  const oneSession = count(5e6);
  const manyUsers = count(20e6);
  const manySegments = count(10e6);
  const segmentsARow = Math.min(100_000, manySegments / 2);
  const manyVideos = count(20e6);
  const videoCount = Math.round(2e6 * scale);
  return [
    {
      name: 'one user with 20M events',
      eventCount: oneUser,
      columns: { user: `'u'`, session: `'s' || i // 6`, video: `'v' || (i // 6) % 2000`, ...rotating },
      figures: {
        rows: Math.min(2000, Math.ceil(oneUser / 6)),
        users: 1,
        videos: Math.min(2000, Math.ceil(oneUser / 6)),
        watchSeconds: watched(oneUser),
      },
    },
    {
      name: 'one session with 5M events',
      eventCount: oneSession,
      columns: { user: `'u'`, session: `'s'`, video: `'v'`, ...rotating },
      figures: { rows: 1, users: 1, videos: 1, watchSeconds: watched(oneSession) },
    },
    {
      name: '20M users with one event each',
      eventCount: manyUsers,
      columns: {
        user: `'u' || i`,
        session: `'s' || i`,
        video: `'v' || i % 2000`,
        seconds: 'i // 100',
        position: '0',
      },
      figures: { rows: manyUsers, users: manyUsers, videos: Math.min(2000, manyUsers), watchSeconds: 0 },
    },
    {
      name: 'rows with 100,000 segments each',
      eventCount: manySegments,
      columns: {
        user: `'u' || i // ${2 * segmentsARow}`,
        session: `'s'`,
        video: `'v'`,
        seconds: 'i * 10',
        // 12 hours, 0.2 s watched out of every 0.43 s.
        position: `(i // 2 % ${segmentsARow}) * 0.43e0 + (i % 2) * 0.2e0`,
      },
      figures: {
        rows: Math.ceil(manySegments / (2 * segmentsARow)),
        users: Math.ceil(manySegments / (2 * segmentsARow)),
        videos: 1,
        watchSeconds: (manySegments / 2) * 0.2,
      },
    },
    {
      name: '2M videos',
      eventCount: manyVideos,
      columns: {
        user: `'u' || i // 20`,
        session: `'s' || i // 2`,
        video: `'v' || (i // 2) % ${videoCount}`,
        seconds: 'i // 100 * 100 + (i % 2) * 10',
        position: `(i % 2) * ${PLAY_SECONDS}`,
      },
      figures: {
        rows: manyVideos / 2,
        users: Math.ceil(manyVideos / 20),
        videos: videoCount,
        watchSeconds: watched(manyVideos),
      },
    },
  ];
}

/** Writes the lake as one Parquet file in `folder`, unless it is there, and returns its path. */
export async function writeSkew(skew: Skew, folder: string): Promise<string> {
  const path = join(folder, `${skew.name.replaceAll(/\W+/g, '-')}-${skew.eventCount}.parquet`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const { user, session, video, seconds, position } = skew.columns;
  const database = await Database.open({
    threads: availableCores(),
    memoryBytes: 4e9,
    tempFolder: `${path}.temporary`,
  });
  try {
    await database.run(
      `COPY (
        SELECT make_timestamptz(1767225600000000 + (${seconds})::BIGINT * 1000000) AS "timestamp", ${user} AS userId,
          ${session} AS sessionId, ${video} AS videoId, CASE i % 2 WHEN 0 THEN 'play' ELSE 'pause' END AS eventName,
          (${position})::DOUBLE AS currentTime
        FROM range(${skew.eventCount}) AS numbers(i)
      ) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
  } finally {
    database.close();
  }
  return path;
}

/** Throws where a summary is not what the lake must come to. */
export function checkSkew({ name, eventCount, figures }: Skew, { events, result }: RunSummary): void {
  const found = {
    rows: result.rows,
    users: result.users,
    videos: result.videos,
    watchSeconds: Math.round(result.totalWatchSeconds * 1e6) / 1e6,
  };
  const expected = { ...figures, watchSeconds: Math.round(figures.watchSeconds * 1e6) / 1e6 };
  if (JSON.stringify(found) !== JSON.stringify(expected) || events.folded !== eventCount)
    throw new Error(
      `${name}: ${JSON.stringify(found)} of ${events.folded} events, not ${JSON.stringify(expected)}`,
    );
}

/** Runs playfold over each skewed lake at its full size. */
export async function benchSkew(
  folder: string,
  cli: string,
): Promise<[Skew, Measured<RunSummary & { peakBytes: number }>][]> {
  const results: [Skew, Measured<RunSummary & { peakBytes: number }>][] = [];
  for (const skew of skewedLakes(1)) {
    process.stderr.write(`Writing ${skew.name}\n`);
    const path = await writeSkew(skew, join(folder, 'skew'));
    const out = join(folder, 'out', 'skew');
    const measured = await measure<RunSummary & { peakBytes: number }>([
      cli,
      'run',
      path,
      '--out',
      out,
      '--json',
      '--quiet',
    ]);
    checkSkew(skew, measured.output);
    process.stderr.write(`  ${skew.name}: ${measured.wallSeconds.toFixed(2)} s\n`);
    results.push([skew, { ...measured, peakBytes: measured.output.peakRssBytes }]);
  }
  return results;
}
