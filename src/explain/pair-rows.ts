import { type Database, quoteText } from '../duckdb.ts';
import { POSITION_LIMIT_SECONDS, TIMESTAMP_BITS } from '../kernel/layout.ts';
import type { NameHashes } from '../kernel/scan-kernel.ts';
import type { InputFile } from '../source/inputs.ts';
import { readerOf } from '../source/readers.ts';
import { eventNameHash, idHash } from '../source/scan.ts';
import type { Pair } from './explain.ts';

/** One input row of the pair, as it was sent; numbers as text where they may be wider than 53 bits. */
export type InputRow = {
  readonly timestampUs: string | null;
  readonly sessionId: string | null;
  readonly eventName: string | null;
  readonly currentTime: number | string | null;
  readonly fromTime: number | string | null;
  readonly userHash: string;
  readonly videoHash: string;
  readonly sessionHash: string;
  readonly nameHash: string;
};

/** The rows of a pair, or the first ones in the order of time. */
export interface PairRows {
  readonly rowCount: number;
  readonly rows: readonly InputRow[];
  /** The time of the last row to show: later ones are there for what they say of those before. Null for all rows. */
  readonly lastUs: bigint | null;
}

/**
 * Reads the rows of a pair from an extract: all of them, or where there are more, about the first `maxRows` and the
 * next valid ones of their sessions, which decide whether a visit goes on.
 */
export async function readPairRows(
  database: Database,
  files: readonly InputFile[],
  { userId, videoId }: Pair,
  maxRows: number,
  names: NameHashes,
): Promise<PairRows> {
  if (files.length === 0) return { rowCount: 0, rows: [], lastUs: null };
  await database.run(
    `CREATE OR REPLACE TEMP VIEW pair AS
     SELECT "timestamp" AS timestampUs, sessionId, eventName, currentTime, fromTime, ${idHash('userId', 64)} AS userHash,
       ${idHash('videoId', 64)} AS videoHash, hash(sessionId) AS sessionHash, ${eventNameHash('eventName')} AS nameHash
     FROM ${readerOf(files)} WHERE userId = ${quoteText(userId)} AND videoId = ${quoteText(videoId)}`,
  );
  const [found] = await database.rows<{ rowCount: number }>('SELECT count(*)::DOUBLE AS rowCount FROM pair');
  const { rowCount } = found!;
  const read = (sql: string): Promise<InputRow[]> => database.rows<InputRow>(sql);
  if (rowCount <= maxRows) return { rowCount, rows: await read('FROM pair ORDER BY ALL'), lastUs: null };
  const lastUs = await findLastUs(database, maxRows);
  if (lastUs === null)
    return { rowCount, rows: await read(`FROM pair ORDER BY ALL LIMIT ${maxRows}`), lastUs };
  const shown = `FROM pair WHERE timestampUs <= ${lastUs} ORDER BY ALL LIMIT ${2 * maxRows}`;
  const known = names.classOfName.map(({ hash }) => hash).join(', ');
  const next = await read(
    `FROM pair WHERE timestampUs > ${lastUs} AND sessionHash IN (SELECT sessionHash FROM (${shown}))
       AND timestampUs < ${2n ** BigInt(TIMESTAMP_BITS)} AND currentTime BETWEEN 0 AND ${POSITION_LIMIT_SECONDS}
       AND nameHash IN (${known})
     QUALIFY rank() OVER (PARTITION BY sessionHash ORDER BY timestampUs) = 1
     ORDER BY ALL LIMIT ${maxRows}`,
  );
  return { rowCount, rows: [...(await read(shown)), ...next], lastUs };
}

/** The time that about `maxRows` rows do not pass: the one before, where very many rows share it; null without any. */
async function findLastUs(database: Database, maxRows: number): Promise<bigint | null> {
  const [last] = await database.rows<{ lastUs: string | null; before: string | null; rowCount: number }>(
    `WITH first AS (SELECT timestampUs FROM pair WHERE timestampUs IS NOT NULL ORDER BY timestampUs LIMIT ${maxRows}),
       last AS (SELECT max(timestampUs) AS lastUs FROM first)
     SELECT lastUs, (SELECT max(timestampUs) FROM first WHERE timestampUs < lastUs) AS before,
       (SELECT count(*)::DOUBLE FROM pair WHERE timestampUs <= lastUs) AS rowCount
     FROM last`,
  );
  const { lastUs, before, rowCount } = last!;
  if (lastUs === null) return null;
  return BigInt(rowCount > 2 * maxRows && before !== null ? before : lastUs);
}
