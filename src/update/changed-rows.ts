import type { Database } from '../duckdb.ts';
import { FOLDED_TABLE } from '../sink/folded-table.ts';
import { hashSumSql } from '../sink/hash-sums.ts';
import type { PartitionBy } from '../sink/partitions.ts';
import { placeSql } from './result-places.ts';
import { COLUMN_LIST, foldedRows, OPEN_TABLE, stateRows } from './state-rows.ts';
import { uniteRowsSql } from './unite-rows.ts';
import { readClusters } from './user-clusters.ts';

/** Rows of the result that are new or another than before: folded rows, one a pair, with their `place`. */
export const CHANGED_TABLE = 'changed';
/** The pairs of those that had a row before: userHash, videoHash and the `place` of that row. */
export const REPLACED_TABLE = 'replaced';

/** Some rows: how many, the sum of the hashes of their pairs modulo 2^64, and the places that they are in. */
export interface PlacedRows {
  readonly rows: number;
  readonly pairHash: string;
  readonly places: ReadonlySet<string>;
}

export interface ChangedRows {
  readonly changed: PlacedRows;
  readonly replaced: PlacedRows;
}

export interface StateBefore {
  /** Files of the rows that were folded until now. */
  readonly rowPaths: readonly string[];
  /** SQL for all users, with their clusters. */
  readonly users: string;
  /** SQL for the pairs with events that were not folded for good, and the first of these: openPairs of the state. */
  readonly openPairs: string;
}

export interface ChangeSettings {
  readonly partitionBy: PartitionBy;
  /** See placeSql. */
  readonly dayFilesFromUs: bigint;
  readonly uniqueSeconds: boolean;
  /** A table of pairs whose events were all folded now, those before too; null for none. */
  readonly refolded: string | null;
  /** A table of videos all of whose rows change; null for none. */
  readonly changedVideos: string | null;
}

/** Creates the table `touched`: the pairs that the folds of this update speak of. */
async function createTouched(database: Database, tables: readonly string[]): Promise<void> {
  const keys = tables.map((table) => `SELECT userHash, videoHash FROM ${table}()`);
  await database.run(`CREATE TEMP TABLE touched AS ${keys.join(' UNION ')}`);
}

/**
 * Unites the rows of the pairs of a first update that have events from the horizon on: few. Returns SQL for a table of all
 * rows, one a pair, that meet a condition (SQL, null for all): it stands where rows are read, for DuckDB takes it no
 * further than to here.
 */
export async function uniteWholeRows(
  database: Database,
  uniqueSeconds: boolean,
): Promise<(condition: string | null) => string> {
  await createTouched(database, [OPEN_TABLE]);
  const closed = `SELECT rows.* FROM (${foldedRows(FOLDED_TABLE)}) AS rows SEMI JOIN touched USING (userHash, videoHash)`;
  const both = `${closed} UNION ALL ${foldedRows(OPEN_TABLE)}`;
  await database.run(`CREATE TEMP TABLE united AS ${uniteRowsSql(both, uniqueSeconds)}`);
  return (condition) => {
    const where = condition === null ? '' : `WHERE ${condition}`;
    return `(SELECT rows.* FROM (SELECT * FROM ${FOLDED_TABLE}() ${where}) AS rows
        ANTI JOIN touched USING (userHash, videoHash)
      UNION ALL BY NAME SELECT * FROM united ${where})`;
  };
}

/**
 * Creates CHANGED_TABLE and REPLACED_TABLE: of the state before, the users' clusters are read, and of the result nothing. What no event
 * and no video's length touches is in neither.
 */
export async function createChangedRows(
  database: Database,
  { rowPaths, users, openPairs }: StateBefore,
  { partitionBy, dayFilesFromUs, uniqueSeconds, refolded, changedVideos }: ChangeSettings,
): Promise<ChangedRows> {
  await createTouched(database, [FOLDED_TABLE, OPEN_TABLE]);
  const clusters = await readClusters(database, users, 'touched');
  const rows = (where: string): string =>
    `SELECT rows.* FROM (SELECT ${COLUMN_LIST} FROM ${stateRows(rowPaths)} ${where}) AS rows`;
  const ofVideos =
    changedVideos === null
      ? ''
      : ` UNION ALL ${rows('')} SEMI JOIN ${changedVideos} USING (videoHash) ANTI JOIN touched USING (userHash, videoHash)`;
  await database.run(
    `CREATE TEMP TABLE earlier AS ${rows(`WHERE cluster IN (${clusters})`)}
       SEMI JOIN touched USING (userHash, videoHash)${ofVideos}`,
  );
  const kept = refolded === null ? '' : `ANTI JOIN ${refolded} USING (userHash, videoHash)`;
  const pieces = [
    `SELECT earlier.* FROM earlier ${kept}`,
    foldedRows(FOLDED_TABLE),
    foldedRows(OPEN_TABLE),
  ].join(' UNION ALL ');
  const place = placeSql(partitionBy, dayFilesFromUs);
  await database.run(
    `CREATE TABLE ${CHANGED_TABLE} AS SELECT *, ${place} AS place FROM (${uniteRowsSql(pieces, uniqueSeconds)})`,
  );
  await database.run(
    `CREATE TABLE ${REPLACED_TABLE} AS SELECT userHash, videoHash, ${place} AS place
     FROM (
       SELECT userHash, videoHash, min(firstTimestampUs) AS firstTimestampUs
       FROM (SELECT userHash, videoHash, firstTimestampUs FROM earlier UNION ALL ${openPairs})
       GROUP BY userHash, videoHash
     )`,
  );
  await database.run('DROP TABLE earlier');
  return {
    changed: await countRows(database, CHANGED_TABLE),
    replaced: await countRows(database, REPLACED_TABLE),
  };
}

async function countRows(database: Database, table: string): Promise<PlacedRows> {
  const [row] = await database.rows<{ rows: number; pairHash: string; places: string[] | null }>(
    `SELECT count(*)::DOUBLE AS rows, ${hashSumSql('hash(userHash, videoHash)')} AS pairHash,
       list(DISTINCT place) AS places
     FROM ${table}`,
  );
  return {
    rows: row?.rows ?? 0,
    pairHash: row?.pairHash ?? '0',
    places: new Set((row?.places ?? []).sort()),
  };
}
