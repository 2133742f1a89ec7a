import { forEachAtOnce } from '../at-once.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import { Exchange, type Piece } from '../exchange/exchange.ts';
import { NO_CARRIES, type PairSet } from '../fold/carry-table.ts';
import type { FoldResult } from '../fold/fold.ts';
import type { HorizonFoldResult } from '../fold/horizon-fold.ts';
import { scanSlices } from '../pipeline.ts';
import type { Pool } from '../pool/pool.ts';
import { FOLDED_TABLE, registerFoldedTable } from '../sink/folded-table.ts';
import type { ScanSlice } from '../source/slices.ts';
import type { CarryFiles } from './carry-files.ts';
import type { Job } from './job.ts';
import { findLatePairs, lateLimits, latePartitions, siftPiece, sliceLatePairs } from './late.ts';
import { OPEN_EVENT_BYTES, type OpenFile } from './open-file.ts';
import { OPEN_TABLE, stateRows } from './state-rows.ts';
import type { ResolvedUpdateOptions } from './update-options.ts';

/** What is folded: new events, and what the state kept of those before. */
export interface History {
  readonly job: Job;
  readonly options: ResolvedUpdateOptions;
  readonly pool: Pool;
  readonly partitionBits: number;
  readonly exchange: Exchange;
  readonly openPieces: ReadonlyMap<number, readonly Piece[]>;
  readonly openFile: OpenFile;
  readonly carryFiles: CarryFiles;
  /** Events before it go into the state's rows. */
  readonly horizonUs: bigint;
  /** The earliest event that was scanned; null for none. */
  readonly earliestUs: bigint | null;
  /** The horizon before, and the paths of the rows folded until then; null before the first call. */
  readonly before: { readonly horizonUs: bigint; readonly rowPaths: readonly string[] } | null;
  /** Slices of all that was ever read, should late events ask for it. */
  readonly retained: () => Promise<readonly ScanSlice[]>;
  /** How many slices were scanned, so that the files of later scans get other names. */
  readonly scanned: number;
}

export interface FoldedHistory {
  /** What was folded now, before the horizon and from it on; the tables FOLDED_TABLE and OPEN_TABLE show it. */
  readonly closed: readonly FoldResult[];
  readonly open: readonly FoldResult[];
  readonly late: { readonly events: number; readonly pairs: number };
}

/** Folds every partition, and those with late events once more, as the options say. */
export async function foldHistory(history: History): Promise<FoldedHistory> {
  const { job, options, partitionBits, before, earliestUs } = history;
  const results = new Map<number, HorizonFoldResult>();
  const mayBeLate = before !== null && earliestUs !== null && earliestUs < before.horizonUs;
  const all = Array.from({ length: 2 ** partitionBits }, (_, partition) => partition);
  const piecesOf = (partition: number): readonly Piece[] => [
    ...(history.openPieces.get(partition) ?? []),
    ...history.exchange.piecesOf(partition),
  ];
  // A partition with late events is folded once more, without those that it would share its batches with.
  const groups = mayBeLate ? all.map((partition) => [partition]) : groupSmall(all, piecesOf);
  await foldPartitions(history, groups, 0, results, piecesOf);
  // The tables read these lists when a query begins: folding again may change them.
  const closedPlaces: FoldResult['places'][number][] = [];
  const openPlaces: FoldResult['places'][number][] = [];
  const show = (): void => {
    const places = (part: 'closed' | 'open') =>
      [...results.values()].flatMap((result) => result[part].places);
    closedPlaces.splice(0, closedPlaces.length, ...places('closed'));
    openPlaces.splice(0, openPlaces.length, ...places('open'));
  };
  const count = (part: 'closed' | 'open'): number =>
    [...results.values()].reduce((sum, result) => sum + result[part].rowCount, 0);
  show();
  registerFoldedTable(job.database, closedPlaces, count('closed'), options.threads, FOLDED_TABLE);
  registerFoldedTable(job.database, openPlaces, count('open'), options.threads, OPEN_TABLE);

  let late = { events: 0, pairs: 0 };
  if (mayBeLate && before.rowPaths.length > 0) {
    const timeoutUs = BigInt(Math.round(options.config.sessionTimeoutSeconds * 1e6));
    const rows = stateRows(before.rowPaths);
    const pairs = await findLatePairs(job.database, rows, before.horizonUs, timeoutUs);
    if (pairs > 0) late = { pairs, events: await foldLate(history, before.horizonUs, pairs, results) };
    show();
  }
  return {
    closed: [...results.values()].map(({ closed }) => closed),
    open: [...results.values()].map(({ open }) => open),
    late,
  };
}

/** Small partitions are folded together, in one task and into few batches. */
const EVENTS_A_TASK = 131_072;

function groupSmall(
  partitions: readonly number[],
  piecesOf: (partition: number) => readonly Piece[],
): number[][] {
  const groups: number[][] = [];
  let events = Number.POSITIVE_INFINITY;
  for (const partition of partitions) {
    const own = piecesOf(partition).reduce((sum, { eventCount }) => sum + eventCount, 0);
    if (events + own > EVENTS_A_TASK) {
      groups.push([]);
      events = 0;
    }
    groups.at(-1)!.push(partition);
    events += own;
  }
  return groups;
}

/** Folds groups of partitions; the results are found by the first of each. */
async function foldPartitions(
  { pool, openFile, carryFiles, horizonUs }: History,
  groups: readonly (readonly number[])[],
  firstIndex: number,
  results: Map<number, HorizonFoldResult>,
  piecesOf: (partition: number) => readonly Piece[],
  wholePairs: PairSet | null = null,
): Promise<void> {
  await forEachAtOnce(groups, pool.threads, async (group) => {
    const given = group
      .map((partition) => ({ partition, pieces: piecesOf(partition) }))
      .filter(({ pieces }) => pieces.length > 0);
    const [first] = given;
    if (first === undefined) return;
    const result = await pool.foldAtHorizon(
      given.map(({ partition, pieces }) => {
        return { pieces, carries: carryFiles.placesOf(partition), wholePairs, horizonUs };
      }),
      firstIndex + first.partition,
    );
    for (const [i, { fragments, carries }] of result.left.entries()) {
      const { partition } = given[i]!;
      openFile.put(partition, fragments);
      carryFiles.put(partition, carries);
    }
    results.set(first.partition, { ...result, left: [] });
  });
}

/** Deals with late events as the options say. Returns how many there are. */
async function foldLate(
  history: History,
  lateUs: bigint,
  pairs: number,
  results: Map<number, HorizonFoldResult>,
): Promise<number> {
  const { job, options, pool, partitionBits, exchange } = history;
  if (options.late === 'fail')
    throw new PlayfoldError(
      `events of ${pairs} user x video pairs came later than --lateness allows (they are older than ` +
        `${new Date(Number(lateUs / 1000n)).toISOString()}, and what they belong to is folded); ` +
        'let them in with --late reprocess, or set them aside with --late quarantine.',
      EXIT.input,
    );
  const wholePairs = options.late === 'reprocess';
  const again = new Exchange(1);
  if (wholePairs) {
    job.note('info', 'folds late events again', { pairs });
    const { tempFolder } = job.staging;
    const retained = await history.retained();
    const slices = await sliceLatePairs(job.database, retained, tempFolder, options.idHashBits);
    await scanSlices(pool, slices, again, history.scanned);
  }
  let lateEvents = 0;
  const partitions = await latePartitions(job.database, partitionBits);
  // One after the other: the database answers one question at a time.
  for (const partition of partitions) {
    const limits = await lateLimits(job.database, partition, partitionBits);
    const sift = (piece: Piece) => siftPiece(piece, OPEN_EVENT_BYTES, limits, lateUs, wholePairs);
    const open = history.openPieces.get(partition) ?? [];
    const fresh = exchange.piecesOf(partition).map(sift);
    lateEvents += fresh.reduce((sum, { lateCount }) => sum + lateCount, 0);
    const pieces = [
      ...(wholePairs ? open.map((piece) => sift(piece).piece) : open),
      ...fresh.map(({ piece }) => piece),
      ...again.piecesOf(partition),
    ].filter((piece) => piece.fragmentCount > 0);
    results.delete(partition);
    history.openFile.put(partition, []);
    history.carryFiles.put(partition, NO_CARRIES);
    const pairs = wholePairs ? limits : null;
    await foldPartitions(history, [[partition]], 2 ** partitionBits, results, () => pieces, pairs);
  }
  if (!wholePairs) job.note('warn', `set late events aside in ${LATE_FOLDER}`, { events: lateEvents, pairs });
  return lateEvents;
}

/** Where late events that were set aside are kept, in the published folder. */
export const LATE_FOLDER = '_late';
