import { type Database, quotePath, quoteText } from '../duckdb.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import { idHash } from '../source/scan.ts';
import { enumSql } from './dictionaries.ts';
import { FOLDED_TABLE } from './folded-table.ts';
import { hashSumSql } from './hash-sums.ts';

/** SQL for the texts that the scans kept. */
function textsSource(textPaths: readonly string[]): string {
  if (textPaths.length > 0) return `read_parquet([${textPaths.map((path) => quotePath(path)).join(', ')}])`;
  return `(SELECT NULL::VARCHAR AS userId, NULL::VARCHAR AS videoId, NULL::VARCHAR AS eventName, NULL::UBIGINT AS eventNameHash WHERE false)`;
}

/**
 * Creates the tables users(hash, id) and videos(hash, id) from the texts that the scan kept. Where two ids that it saw
 * have one hash, rows of the result are doubled: refuseCollisions says so.
 */
export async function createKeyTables(
  database: Database,
  textPaths: readonly string[],
  idHashBits: number,
): Promise<void> {
  await createIds(database, 'users', 'userId', textPaths, idHashBits);
  await createIds(database, 'videos', 'videoId', textPaths, idHashBits);
}

/** Creates a table of ids (hash, id), for all connections, from the texts that the scan kept and those of the SQL table `known`, if any. */
export async function createIds(
  database: Database,
  table: string,
  column: 'userId' | 'videoId',
  textPaths: readonly string[],
  idHashBits: number,
  known: string | null = null,
): Promise<void> {
  // Not any_value or min of the text by its hash: DuckDB cannot spill what such an aggregate holds.
  await database.run(
    `CREATE TABLE ${table} AS
     SELECT ${idHash(column, idHashBits)} AS hash, ${column} AS id
     FROM (SELECT DISTINCT ${column} FROM ${textsSource(textPaths)} WHERE ${column} IS NOT NULL)
     ${known === null ? '' : `UNION SELECT hash, id FROM ${known}`}`,
  );
}

/**
 * Throws a PlayfoldError (input) where two ids have one hash. Each has folded rows, and these are then joined with both:
 * asking only where the rows of the result are more than those folded spares a tenth of the time of 20M users.
 */
export async function refuseCollisions(database: Database): Promise<void> {
  for (const [table, column] of [
    ['users', 'userId'],
    ['durations', 'videoId'],
  ] as const) {
    const [collision] = await database.rows<{ id: string | null; other: string | null }>(
      `SELECT min(id)::VARCHAR AS id, max(id)::VARCHAR AS other FROM ${table} WHERE hash IN (
         SELECT hash FROM ${table} GROUP BY hash HAVING count(*) > 1 LIMIT 1
       )`,
    );
    if (collision?.id != null)
      throw new PlayfoldError(
        `two values of ${column} have the same 64-bit hash, so their rows cannot be told apart: ` +
          `${quoteText(collision.id)} and ${quoteText(collision.other ?? '')}; rename one of them in the input.`,
        EXIT.input,
      );
  }
}

/** Names of event names by their hash: the texts of those that no class claims. */
export async function readUnknownNames(
  database: Database,
  textPaths: readonly string[],
): Promise<Map<bigint, string>> {
  const rows = await database.rows<{ hash: string; name: string }>(
    `SELECT eventNameHash::VARCHAR AS hash, min(eventName) AS name
     FROM ${textsSource(textPaths)} WHERE eventNameHash IS NOT NULL GROUP BY 1`,
  );
  return new Map(rows.map(({ hash, name }) => [BigInt(hash), name]));
}

/** The table of the partition keys that createEstimates found, one a row. */
export const PARTITION_KEYS = 'partition_keys';

/**
 * Creates the table estimates(videoHash, duration, viewers) in one reading of the folded rows, and PARTITION_KEYS of the values
 * of the SQL `partitionKey`, if any. Returns the sum of the hashes of their pairs, for the checks.
 */
export async function createEstimates(
  database: Database,
  partitionKey: string | null = null,
): Promise<string> {
  const sets = partitionKey === null ? '(videoHash, key)' : '(videoHash), (key)';
  await database.run(
    `CREATE TEMP TABLE folded_sums AS
     SELECT videoHash, key, GROUPING(videoHash) = 0 AS isVideo, max(maxCreditedEndUs) AS endUs,
       count(*) AS viewers, sum(hash(userHash, videoHash)) AS pairSum
     FROM (SELECT userHash, videoHash, maxCreditedEndUs, ${partitionKey ?? 'NULL'} AS key FROM ${FOLDED_TABLE}())
     GROUP BY GROUPING SETS (${sets})`,
  );
  await database.run(
    `CREATE TEMP TABLE estimates AS
     SELECT videoHash, nullif(endUs, 0) / 1e6 AS duration, viewers FROM folded_sums WHERE isVideo`,
  );
  await database.run(`CREATE TEMP TABLE ${PARTITION_KEYS} AS SELECT key FROM folded_sums WHERE NOT isVideo`);
  const [row] = await database.rows<{ pairSum: string }>(
    `SELECT ${hashSumSql('pairSum')} AS pairSum FROM folded_sums WHERE isVideo`,
  );
  await database.run('DROP TABLE folded_sums');
  return row?.pairSum ?? '';
}

/**
 * Creates the table durations(hash, id, title, duration, source): SPEC.md section 4, D and its source. It takes the
 * place of the table videos.
 */
export async function createDurations(database: Database): Promise<void> {
  await database.run(
    `CREATE TABLE durations AS
     SELECT videos.hash, videos.id, titles.title,
       coalesce(titles.duration, estimates.duration) AS duration,
       (CASE WHEN titles.duration IS NOT NULL THEN 'metadata' WHEN estimates.duration IS NOT NULL THEN 'estimated'
         ELSE 'unknown' END)::${enumSql(['metadata', 'estimated', 'unknown'])} AS source
     FROM videos LEFT JOIN titles ON titles.videoId = videos.id
     LEFT JOIN estimates ON estimates.videoHash = videos.hash`,
  );
  await database.run('DROP TABLE videos');
}
