import { join } from 'node:path';
import type { ExpectedTotals } from '../sink/checks.ts';
import { FOLDED_TABLE } from '../sink/folded-table.ts';
import { addHashes, hashSumSql } from '../sink/hash-sums.ts';
import { addSums, NO_ROWS, type ReadRows, type RowSums, readFileRows } from '../sink/row-sums.ts';
import type { RowAccount } from '../summary.ts';
import type { ChangedRows } from './changed-rows.ts';
import type { FoldedUpdate } from './folded-update.ts';
import type { WrittenResult } from './result-places.ts';
import type { State } from './state.ts';
import { OPEN_TABLE } from './state-rows.ts';

/**
 * What all rows of the result must add up to. Of the state and of the kernel's counters alone: no file of the result is
 * looked at. A row that stayed where it was replaced would count its events twice.
 */
export async function expectTotals(
  update: FoldedUpdate,
  closed: State['closed'],
  changes: ChangedRows | null,
): Promise<ExpectedTotals> {
  const sum = (pick: 'eventCount' | 'duplicateCount'): number =>
    update.folded.open.reduce((total, fold) => total + fold[pick], closed[pick]);
  const events = { eventCount: sum('eventCount'), duplicateCount: sum('duplicateCount') };
  const { state } = update;
  if (state === null || changes === null) return { ...(await countPairs(update)), ...events };
  const { changed, replaced } = changes;
  return {
    ...events,
    rowCount: state.totals.rowCount + changed.rows - replaced.rows,
    pairSum: addHashes(addHashes(state.totals.pairSum, changed.pairHash), replaced.pairHash, -1n),
  };
}

/** The pairs of a first update: those folded before the horizon, and those that have events behind it alone. */
async function countPairs({ job }: FoldedUpdate): Promise<Pick<ExpectedTotals, 'rowCount' | 'pairSum'>> {
  const keys = (table: string): string => `SELECT userHash, videoHash FROM ${table}()`;
  const [row] = await job.database.rows<{ pairs: number; pairSum: string }>(
    `SELECT count(*)::DOUBLE AS pairs, ${hashSumSql('hash(userHash, videoHash)')} AS pairSum
     FROM (${keys(FOLDED_TABLE)} UNION ALL
       SELECT opened.* FROM (${keys(OPEN_TABLE)}) AS opened
         ANTI JOIN (${keys(FOLDED_TABLE)}) AS closed USING (userHash, videoHash))`,
  );
  return { rowCount: row?.pairs ?? 0, pairSum: row?.pairSum ?? '0' };
}

/** Reads the written files back, and adds what is known of the linked ones: by path, and of all of them. */
export async function readResult(
  { job, options, staging, state }: FoldedUpdate,
  { written, linked }: WrittenResult,
): Promise<{ sums: Record<string, RowSums>; rows: Omit<ReadRows, 'users'> }> {
  const sums: Record<string, RowSums> = {};
  for (const path of linked) sums[path] = state!.sums[path]!;
  const paths = written.map((path) => join(staging.folder, path));
  const read = await readFileRows(job.database, paths, options);
  for (const [i, path] of written.entries()) sums[path] = read.sums.get(paths[i]!) ?? NO_ROWS;
  const all = Object.values(sums).reduce(addSums, NO_ROWS);
  return { sums, rows: { sums: all, violations: read.violations } };
}

/** Of the rows read now; duplicates are those that the result has more than before. */
export function toRowAccount(
  { account, state, folded, options }: FoldedUpdate,
  { duplicateCount }: ExpectedTotals,
  unknownEventNames: Record<string, number>,
): RowAccount {
  const { read, kept, invalid, invalidByReason } = account;
  const setAside = options.late === 'quarantine' ? folded.late.events : 0;
  const duplicates = Math.max(0, duplicateCount - (state?.totals.duplicateCount ?? 0));
  const all = { read, kept, invalid, invalidByReason, unknownEventNames };
  return { ...all, folded: kept - setAside - duplicates, duplicates };
}
