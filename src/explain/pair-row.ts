import { type Database, quoteText } from '../duckdb.ts';
import { foldSlices } from '../pipeline.ts';
import { planRun } from '../plan.ts';
import type { RunCounters } from '../progress-counters.ts';
import { engagementSql } from '../sink/engagement-sql.ts';
import { registerFoldedTable } from '../sink/folded-table.ts';
import { createDurations, createEstimates, createKeyTables, refuseCollisions } from '../sink/keys.ts';
import type { Row } from './arithmetic.ts';
import type { Pair } from './explain.ts';
import type { Extract } from './extract.ts';

/** The row of the pair, by the stages and the SQL of a run; null where no event of the pair was kept. */
export async function readPairRow(
  database: Database,
  { files, options }: Extract,
  tempFolder: string,
  { userId, videoId }: Pair,
  counters: RunCounters,
): Promise<Row | null> {
  const plan = await planRun(database, files, options, { tempFolder, quarantineFolder: null, counters });
  const { scans, folds } = await foldSlices(plan);
  registerFoldedTable(
    database,
    folds.flatMap((fold) => fold.places),
    folds.reduce((sum, fold) => sum + fold.rowCount, 0),
    options.threads,
  );
  const textPaths = scans.map((scan) => scan.textsPath);
  await createKeyTables(database, textPaths, options.idHashBits);
  await createEstimates(database);
  await createDurations(database);
  await refuseCollisions(database);
  const condition = `userHash = hash(${quoteText(userId)}) AND videoHash = hash(${quoteText(videoId)})`;
  const sql = engagementSql(options.config, options.uniqueSeconds, { condition });
  const [found] = await database.rows<{ row: string }>(
    `SELECT to_json(result)::VARCHAR AS row FROM (${sql}) AS result`,
  );
  return found === undefined ? null : (JSON.parse(found.row) as Row);
}

/** Whether the metadata say how long the video is. */
export async function hasDuration(database: Database, videoId: string): Promise<boolean> {
  const listed = await database.rows(
    `SELECT duration FROM titles WHERE videoId = ${quoteText(videoId)} AND duration IS NOT NULL`,
  );
  return listed.length > 0;
}
