import {
  addedRows,
  createVideoParts,
  FEW_VIDEOS,
  VIDEO_KEY,
  videoSumsBytes,
} from '../sink/tables/video-parts.ts';
import { CHANGED_ROWS, REMOVED_ROWS } from './changed-output.ts';
import type { ChangedRows } from './changed-rows.ts';
import type { FoldedUpdate } from './folded-update.ts';
import {
  knownMediansSql,
  movedWindowsSql,
  quantileMediansSql,
  quantilesSql,
  readWindowsSql,
  VALUE_COLUMNS,
  WINDOW_COLUMNS,
} from './median-windows.ts';
import { statePath } from './state-files.ts';
import { writeStateFile } from './state-rows.ts';

/** The table of the medians of each video: see knownMediansSql. */
export const VIDEO_MEDIANS = 'video_medians';
/** The table of their windows: see median-windows.ts. */
const WINDOWS = 'median_windows';
const QUANTILES = 'median_quantiles';
/** The table of the videos whose medians are read from their rows. */
const STALE = 'stale_medians';

/** What making windows holds of a row, a sixteenth of two values in lists, and of a video with few rows. */
const WINDOW_BYTES_A_ROW = 4;
const WINDOW_BYTES_A_VIDEO = 1000;

/** Where more rows change, most medians have left their windows: all are read, and no windows are kept. */
const MOST_CHANGED = 1 / 16;

/** Whether medians are to be told from windows, now and by the next update. A first one has no changes. */
export function areWindowsKept({ options, state }: FoldedUpdate, changes: ChangedRows | null): boolean {
  const { mostChanged = MOST_CHANGED } = options.medianWindows ?? {};
  return state === null || changes === null || changes.changed.rows <= state.totals.rowCount * mostChanged;
}

/**
 * Creates VIDEO_MEDIANS of the videos whose medians lie in their windows: `before`, SQL for those of the state, moved
 * by CHANGED_ROWS and REMOVED_ROWS. Null for none.
 */
export async function moveMedians({ job, options }: FoldedUpdate, before: string | null): Promise<void> {
  const { database } = job;
  await database.run(`CREATE TEMP TABLE ${WINDOWS} (${WINDOW_COLUMNS})`);
  if (before !== null) {
    const columns = [...VALUE_COLUMNS, 'lastEnd'].join(', ');
    const removed = `(SELECT hash(videoId) AS ${VIDEO_KEY}, ${columns} FROM ${REMOVED_ROWS})`;
    const added = addedRows(CHANGED_ROWS, VALUE_COLUMNS);
    await database.run(
      `INSERT INTO ${WINDOWS} ${movedWindowsSql(before, removed, added, options.medianWindows?.leastRanks)}`,
    );
  }
  await database.run(
    `CREATE TEMP TABLE ${VIDEO_MEDIANS} AS ${knownMediansSql(WINDOWS, options.medianWindows?.leastRanks)}`,
  );
}

/**
 * Adds to VIDEO_MEDIANS those of all other videos in `videoSums`, from their rows in `engagement` (SQL for the result's),
 * and writes the windows to the state, if they are kept. Returns their file; null where they are not, or too many.
 */
export async function completeMedians(
  update: FoldedUpdate,
  videoSums: string,
  engagement: string,
  areKept: boolean,
): Promise<string | null> {
  const { job, options, staging } = update;
  const { database } = job;
  const [count] = await database.rows<{ videos: number; rows: number; wrong: number; since: string | null }>(
    `SELECT count(*)::DOUBLE AS videos, coalesce(sum(viewers), 0)::DOUBLE AS rows,
       count(*) FILTER (watchRows <> viewers)::DOUBLE AS wrong,
       min(firstWatchDate) FILTER (medians.${VIDEO_KEY} IS NULL)::VARCHAR AS since
     FROM ${videoSums} AS sums LEFT JOIN ${VIDEO_MEDIANS} AS medians ON medians.${VIDEO_KEY} = hash(videoId)`,
  );
  const { videos, rows, wrong, since } = count ?? { videos: 0, rows: 0, wrong: 0, since: null };
  if (wrong > 0) throw new Error(`the kept medians of ${wrong} videos are not those of their rows`);
  const windowBytes = rows * WINDOW_BYTES_A_ROW + videos * WINDOW_BYTES_A_VIDEO;
  const isKept =
    areKept && videos <= (options.fewVideos ?? FEW_VIDEOS) && windowBytes <= videoSumsBytes(options);
  if (since !== null) await readMedians(update, videoSums, engagement, since, isKept);
  const file = `median-windows-${staging.id}.parquet`;
  if (isKept) await writeStateFile(database, `SELECT * FROM ${WINDOWS}`, statePath(update, file));
  await database.run(`DROP TABLE ${WINDOWS}`);
  return isKept ? file : null;
}

/**
 * Reads the medians of the videos that have none yet, all of which began at `since` or later, and with them those that
 * soon would have to be read. Files of rows that began before are passed over.
 */
async function readMedians(
  { job, options }: FoldedUpdate,
  videoSums: string,
  engagement: string,
  since: string,
  isKept: boolean,
): Promise<void> {
  const { database } = job;
  await database.run(
    `CREATE TEMP TABLE ${STALE} AS SELECT hash(videoId) AS ${VIDEO_KEY}
     FROM ${videoSums} LEFT JOIN ${VIDEO_MEDIANS} AS medians ON medians.${VIDEO_KEY} = hash(videoId)
     WHERE firstWatchDate >= '${since}' AND coalesce(isNearEnd, true)`,
  );
  const rows = `(SELECT * FROM ${engagement} WHERE firstWatchDate >= '${since}')`;
  const isStale = `${VIDEO_KEY} IN (SELECT ${VIDEO_KEY} FROM ${STALE})`;
  await createVideoParts(
    { database, engagement: rows, settings: options, counters: job.stopwatch.counters },
    { table: QUANTILES, columns: VALUE_COLUMNS, sql: quantilesSql, condition: isStale },
  );
  for (const table of [VIDEO_MEDIANS, WINDOWS]) await database.run(`DELETE FROM ${table} WHERE ${isStale}`);
  await database.run(`INSERT INTO ${VIDEO_MEDIANS} ${quantileMediansSql(QUANTILES)}`);
  const windows = readWindowsSql(
    QUANTILES,
    addedRows(rows, VALUE_COLUMNS),
    options.medianWindows?.leastRanks,
  );
  if (isKept) await database.run(`INSERT INTO ${WINDOWS} ${windows}`);
  for (const table of [QUANTILES, STALE]) await database.run(`DROP TABLE ${table}`);
}
