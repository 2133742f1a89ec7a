import { FOLDED_TABLE } from '../sink/folded-table.ts';
import { createDurations, createIds } from '../sink/keys.ts';
import { parquetFiles } from '../sink/write.ts';
import { CHANGED_TABLE } from './changed-rows.ts';
import { type FoldedUpdate, textPathsOf } from './folded-update.ts';
import { rowPathsOf, type State } from './state.ts';
import { earlierPaths, isRefolded, linkState, MOST_ADDED, statePath } from './state-files.ts';
import { OPEN_TABLE, stateRows, writeStateFile } from './state-rows.ts';
import { inClusters, unordered } from './user-clusters.ts';

/** Videos all of whose rows change, because their title or duration is another than the published. */
export const CHANGED_VIDEOS = 'changed_videos';

/**
 * Creates the table durations(hash, id, title, duration, source) of all videos so far and, where there is a state,
 * CHANGED_VIDEOS. Writes those of the state. Returns their file, and whether any changed.
 */
export async function writeStateVideos(
  update: FoldedUpdate,
  rows: State['rows'],
): Promise<{ file: string; isChanged: boolean }> {
  const { job, options, staging, state } = update;
  const { database } = job;
  const before = state === null ? null : parquetFiles(earlierPaths(update, [state.videos]));
  await createIds(database, 'videos', 'videoId', textPathsOf(update), options.idHashBits, before);
  const closed = isRefolded(update)
    ? `SELECT videoHash, maxCreditedEndUs AS endUs FROM ${stateRows(rowPathsOf(staging.folder, { rows }))}`
    : `SELECT videoHash, maxCreditedEndUs AS endUs FROM ${FOLDED_TABLE}()
       ${before === null ? '' : `UNION ALL SELECT hash AS videoHash, endUs FROM ${before}`}`;
  await database.run(
    `CREATE TEMP TABLE ends AS SELECT videoHash, max(endUs)::BIGINT AS endUs FROM (${closed}) GROUP BY videoHash`,
  );
  await database.run(
    `CREATE TEMP TABLE estimates AS SELECT videoHash, nullif(max(endUs), 0) / 1e6 AS duration
     FROM (SELECT * FROM ends UNION ALL SELECT videoHash, maxCreditedEndUs AS endUs FROM ${OPEN_TABLE}())
     GROUP BY videoHash`,
  );
  await createDurations(database);
  const file = `videos-${staging.id}.parquet`;
  await writeStateFile(
    database,
    'SELECT durations.*, ends.endUs FROM durations LEFT JOIN ends ON ends.videoHash = durations.hash',
    statePath(update, file),
  );
  if (before === null) return { file, isChanged: false };
  await database.run(
    `CREATE TEMP TABLE ${CHANGED_VIDEOS} AS SELECT now.hash AS videoHash
     FROM durations AS now JOIN ${before} AS earlier ON earlier.hash = now.hash
     WHERE now.title IS DISTINCT FROM earlier.title OR now.duration IS DISTINCT FROM earlier.duration
       OR now.source IS DISTINCT FROM earlier.source`,
  );
  const [row] = await database.rows<{ videos: number }>(
    `SELECT count(*)::DOUBLE AS videos FROM ${CHANGED_VIDEOS}`,
  );
  return { file, isChanged: (row?.videos ?? 0) > 0 };
}

/**
 * Creates the table users(hash, id) of those whose rows change, and adds new ones to the state. Returns its files. The
 * others' ids are not read, unless `rows` were written anew, and users are of other clusters.
 */
export async function writeStateUsers(update: FoldedUpdate, rows: State['rows']): Promise<State['users']> {
  const { job, options, staging, state } = update;
  const { database } = job;
  const file = `users-${staging.id}.parquet`;
  const path = statePath(update, file);
  const textPaths = textPathsOf(update);
  if (state === null) {
    await createIds(database, 'users', 'userId', textPaths, options.idHashBits, null);
    await writeStateFile(database, inClusters('FROM users', 'hash'), path);
    return { files: [file], count: await countUsers(update, '') };
  }
  const { files, count } = state.users;
  const known = parquetFiles(earlierPaths(update, files));
  await createIds(database, 'new_users', 'userId', textPaths, options.idHashBits, null);
  await database.run(
    `CREATE TABLE users AS SELECT known.*, false AS isNew FROM (SELECT hash, id FROM ${known}) AS known
     SEMI JOIN (SELECT userHash AS hash FROM ${CHANGED_TABLE} UNION SELECT hash FROM new_users) AS wanted USING (hash)`,
  );
  await database.run(
    'INSERT INTO users SELECT new_users.*, true FROM new_users ANTI JOIN users USING (hash, id)',
  );
  const added = await countUsers(update, 'WHERE isNew');
  const users = { files: [...files, file], count: count + added };
  const news = 'SELECT hash, id FROM users WHERE isNew';
  if (!isLinked(update, rows)) {
    await writeStateFile(
      database,
      inClusters(`SELECT hash, id FROM ${known} UNION ALL ${news}`, 'hash'),
      path,
    );
    return { ...users, files: [file] };
  }
  if (files.length >= MOST_ADDED) {
    await writeStateFile(database, `SELECT * FROM ${known} UNION ALL ${unordered(news)}`, path);
    return { ...users, files: [file] };
  }
  await linkState(update, files);
  if (added === 0) return state.users;
  await writeStateFile(database, unordered(news), path);
  return users;
}

/** Whether the rows of the state before stay as they are. */
function isLinked({ state }: FoldedUpdate, { whole }: State['rows']): boolean {
  return state !== null && whole.every((file) => state.rows.whole.includes(file));
}

async function countUsers({ job }: FoldedUpdate, condition: string): Promise<number> {
  const [row] = await job.database.rows<{ users: number }>(
    `SELECT count(*)::DOUBLE AS users FROM users ${condition}`,
  );
  return row?.users ?? 0;
}
