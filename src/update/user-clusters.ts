import type { Database } from '../duckdb.ts';

/**
 * Users who were last seen at about the same time are a cluster, whose rows lie together in the state: who comes today
 * was mostly seen lately, so that few row groups are read. A user's cluster stands with the id, and changes only when
 * all rows are written anew.
 */
const CLUSTERS = 32;
/** Of users whose rows are not ordered yet: they lie in added files. */
export const NO_CLUSTER = '255::UTINYINT';
/** The table of the users of rows that are written in order: userHash, cluster. */
export const USER_CLUSTERS = 'user_clusters';

/** Creates USER_CLUSTERS from rows of the state (SQL for a table). */
export async function createUserClusters(database: Database, rows: string): Promise<void> {
  await database.run(
    `CREATE TEMP TABLE last_seen AS
     SELECT userHash, max(lastTimestampUs) AS lastUs FROM ${rows} GROUP BY userHash`,
  );
  const shares = Array.from({ length: CLUSTERS - 1 }, (_, i) => (i + 1) / CLUSTERS);
  const [found] = await database.rows<{ bounds: string | null }>(
    `SELECT approx_quantile(lastUs, [${shares.join(', ')}])::VARCHAR AS bounds FROM last_seen`,
  );
  await database.run(
    `CREATE TEMP TABLE ${USER_CLUSTERS} AS
     SELECT userHash, len(list_filter(${found?.bounds ?? '[]'}::BIGINT[], lambda bound: bound <= lastUs))::UTINYINT AS cluster
     FROM last_seen`,
  );
  await database.run('DROP TABLE last_seen');
}

/** SQL for rows with their users' clusters from USER_CLUSTERS, by the column `userHash`. */
export const inClusters = (rows: string, userHash: string): string =>
  `SELECT rows.*, coalesce(cluster, ${NO_CLUSTER}) AS cluster
   FROM (${rows}) AS rows LEFT JOIN ${USER_CLUSTERS} AS clusters ON clusters.userHash = rows.${userHash}`;

/** SQL for rows that are added to ordered ones. */
export const unordered = (rows: string): string => `SELECT *, ${NO_CLUSTER} AS cluster FROM (${rows})`;

/** SQL for the clusters of the users in the table `touched`: `users` is SQL for those of the state. */
export async function readClusters(database: Database, users: string, touched: string): Promise<string> {
  const [row] = await database.rows<{ clusters: string | null }>(
    `SELECT string_agg(DISTINCT cluster::VARCHAR, ', ') AS clusters
     FROM (SELECT hash AS userHash, cluster FROM ${users}) SEMI JOIN ${touched} USING (userHash)`,
  );
  return [NO_CLUSTER, ...(row?.clusters == null ? [] : [row.clusters])].join(', ');
}
