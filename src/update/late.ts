import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Database, quotePath, quoteText } from '../duckdb.ts';
import type { Piece } from '../exchange/exchange.ts';
import { PieceReader } from '../fold/piece-reader.ts';
import { FRAGMENT_BYTES } from '../kernel/layout.ts';
import { FOLDED_TABLE } from '../sink/folded-table.ts';
import { idHash } from '../source/scan.ts';
import { SliceSource } from '../source/slice-source.ts';
import type { ScanSlice } from '../source/slices.ts';

/**
 * An event is late where the state no longer holds what it may change: it is older than the horizon, and not so
 * much younger than all folded events of its pair that it begins a new visit anyway. The table `late` has the
 * user x video pairs with such events and, for each, the latest time at which an event of it is late.
 */
export const LATE_TABLE = 'late';

/** Times up to which events of a pair are late, by user and video. */
export type LateLimits = ReadonlyMap<bigint, ReadonlyMap<bigint, bigint>>;

/** Fills the table `late` from the rows that were folded now. `state` is SQL for the rows folded before. */
export async function findLatePairs(
  database: Database,
  state: string,
  horizonUs: bigint,
  sessionTimeoutUs: bigint,
): Promise<number> {
  await database.run(
    `CREATE TEMP TABLE suspects AS SELECT userHash, videoHash, firstTimestampUs AS firstUs
     FROM ${FOLDED_TABLE}() WHERE firstTimestampUs < ${horizonUs}`,
  );
  await database.run(
    `CREATE TEMP TABLE ${LATE_TABLE} AS
     SELECT userHash, videoHash, max(lastTimestampUs) + ${sessionTimeoutUs} AS limitUs
     FROM (SELECT userHash, videoHash, lastTimestampUs FROM ${state}) AS rows
       SEMI JOIN suspects USING (userHash, videoHash)
     GROUP BY userHash, videoHash`,
  );
  await database.run(
    `DELETE FROM ${LATE_TABLE} USING suspects WHERE suspects.userHash = late.userHash
       AND suspects.videoHash = late.videoHash AND suspects.firstUs > late.limitUs`,
  );
  const [row] = await database.rows<{ pairs: number }>(`SELECT count(*)::DOUBLE AS pairs FROM ${LATE_TABLE}`);
  return row?.pairs ?? 0;
}

/** SQL for the partition of a user: the highest bits of its hash. */
const partitionSql = (bits: number): string => (bits === 0 ? '0' : `(userHash >> ${64 - bits})::INTEGER`);

/** The partitions that have late pairs. */
export async function latePartitions(database: Database, partitionBits: number): Promise<number[]> {
  const rows = await database.rows<{ partition: number }>(
    `SELECT DISTINCT ${partitionSql(partitionBits)} AS partition FROM ${LATE_TABLE} ORDER BY partition`,
  );
  return rows.map(({ partition }) => partition);
}

/** The late pairs of one partition. */
export async function lateLimits(
  database: Database,
  partition: number,
  partitionBits: number,
): Promise<LateLimits> {
  const rows = await database.rows<{ user: string; video: string; limit: string }>(
    `SELECT userHash::VARCHAR AS "user", videoHash::VARCHAR AS video, limitUs::VARCHAR AS "limit" FROM ${LATE_TABLE}
     WHERE ${partitionSql(partitionBits)} = ${partition}`,
  );
  const limits = new Map<bigint, Map<bigint, bigint>>();
  for (const { user, video, limit } of rows) {
    const videos = limits.get(BigInt(user)) ?? new Map<bigint, bigint>();
    limits.set(BigInt(user), videos.set(BigInt(video), BigInt(limit)));
  }
  return limits;
}

/** A piece without late events, and how many it had. */
export interface Sifted {
  readonly piece: Piece;
  readonly lateCount: number;
}

/** Takes late events out of a piece, or with `wholePairs` all events of pairs that have any. */
export function siftPiece(
  piece: Piece,
  eventStride: number,
  limits: LateLimits,
  horizonUs: bigint,
  wholePairs: boolean,
): Sifted {
  const memory = new SharedArrayBuffer(piece.fragmentCount * FRAGMENT_BYTES + piece.eventCount * eventStride);
  const fragments = new Uint8Array(memory, 0, piece.fragmentCount * FRAGMENT_BYTES);
  const events = new Uint8Array(memory, fragments.byteLength);
  const reader = new PieceReader([piece], 1);
  reader.read(piece, { fragments, events });
  reader.close();
  const view = new DataView(memory);
  let [fragmentCount, eventCount, lateCount, source] = [0, 0, 0, 0];
  for (let at = 0; at < fragments.byteLength; at += FRAGMENT_BYTES) {
    const limitUs = limits.get(view.getBigUint64(at, true))?.get(view.getBigUint64(at + 8, true));
    const first = eventCount;
    for (let left = view.getUint32(at + 24, true); left > 0; left--, source++) {
      const from = source * eventStride;
      const timestampUs = view.getBigInt64(fragments.byteLength + from, true) >> 3n;
      const isLate = limitUs !== undefined && timestampUs < horizonUs && timestampUs <= limitUs;
      if (isLate) lateCount++;
      if (isLate || (wholePairs && limitUs !== undefined)) continue;
      events.copyWithin(eventCount * eventStride, from, from + eventStride);
      eventCount++;
    }
    if (eventCount === first) continue;
    fragments.copyWithin(fragmentCount * FRAGMENT_BYTES, at, at + FRAGMENT_BYTES);
    view.setUint32(fragmentCount * FRAGMENT_BYTES + 24, eventCount - first, true);
    fragmentCount++;
  }
  const eventsAt = fragments.byteLength;
  const bins = { fragmentOffsetsAt: 0, eventOffsetsAt: 0 };
  return {
    piece: { memory, path: '', fragmentsAt: 0, fragmentCount, eventsAt, eventCount, ...bins, scale: null },
    lateCount,
  };
}

/** Slices that give only the events of late pairs. Writes the list of them into `tempFolder`. */
export async function sliceLatePairs(
  database: Database,
  slices: readonly ScanSlice[],
  tempFolder: string,
  idHashBits: number,
): Promise<ScanSlice[]> {
  const path = join(tempFolder, 'late.parquet');
  await database.run(
    `COPY (SELECT userHash, videoHash FROM ${LATE_TABLE}) TO ${quoteText(path)} (FORMAT parquet)`,
  );
  const pairs = `(SELECT (userHash, videoHash) FROM read_parquet(${quotePath(path)}))`;
  return slices.map((slice) => {
    const { userId, videoId } = slice.expressions;
    const isLate = `(${idHash(userId, idHashBits)}, ${idHash(videoId, idHashBits)}) IN ${pairs}`;
    return { ...slice, where: slice.where === null ? isLate : `(${slice.where}) AND ${isLate}` };
  });
}

/** Writes the late rows of the slices, in the columns that playfold reads, to a Parquet file. */
export async function writeLateRows(
  database: Database,
  slices: readonly ScanSlice[],
  horizonUs: bigint,
  idHashBits: number,
  folder: string,
  file: string,
  tempFolder: string,
): Promise<void> {
  const path = join(folder, file);
  await mkdir(dirname(path), { recursive: true });
  const sources: SliceSource[] = [];
  for (const [i, slice] of slices.entries())
    sources.push(await SliceSource.openSieved(slice, i, { tempFolder }));
  const selects = slices.map(({ where, expressions }, i) => {
    const { userId, videoId, sessionId, eventName, timestampUs, currentTime, fromTime } = expressions;
    return `SELECT make_timestamptz(${timestampUs}) AS "timestamp", ${userId} AS userId, ${sessionId} AS sessionId,
        ${videoId} AS videoId, ${eventName} AS eventName, ${currentTime} AS currentTime,
        ${fromTime ?? 'NULL::DOUBLE'} AS fromTime, ${timestampUs} AS atUs,
        ${idHash(userId, idHashBits)} AS userHash, ${idHash(videoId, idHashBits)} AS videoHash
      FROM ${sources[i]!.from} ${where === null ? '' : `WHERE ${where}`}`;
  });
  await database.run(
    `COPY (SELECT rows.* EXCLUDE (atUs, userHash, videoHash)
      FROM (${selects.join(' UNION ALL ')}) AS rows JOIN ${LATE_TABLE} AS late
        ON late.userHash = rows.userHash AND late.videoHash = rows.videoHash
      WHERE atUs < ${horizonUs} AND atUs <= late.limitUs)
     TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  for (const source of sources) await source.close();
}
