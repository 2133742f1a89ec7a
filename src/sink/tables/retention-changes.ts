import type { BatchPlace } from '../../exchange/batch-writer.ts';
import { readFoldedRows, readRecords } from '../../exchange/batches.ts';
import { readPlaces } from '../../exchange/place-reader.ts';
import type { FoldedRows } from '../../kernel/fold-kernel.ts';
import {
  REPLAY_END,
  REPLAY_ROW,
  REPLAY_START,
  REPLAY_TIMES,
  REPLAY_VIDEO,
  ROW_VIDEO,
} from '../../kernel/layout.ts';
import type { RecordRows } from '../../kernel/records.ts';
import type { RetentionSums } from './retention-sums.ts';
import type { VideoBuckets } from './video-buckets.ts';

/** What is read for the table of retention. */
export interface RetentionPlaces {
  /** Folded rows, whose ranges say which buckets a viewer saw. */
  readonly folded: readonly BatchPlace[];
  /** Pieces that a viewer saw more than once. */
  readonly replays: readonly BatchPlace[];
}

/** Which videos are meant, by their places: from `first` to before `end`. */
export interface VideoSpan {
  readonly first: number;
  readonly end: number;
}

/**
 * Adds the changes of all rows of some videos, and yields now and then. A viewer counts once in each bucket that one
 * of his ranges touches; his views of a bucket are how often he saw its most watched moment, so that a pause within
 * it is no second view.
 */
export function* addChanges(
  { folded, replays }: RetentionPlaces,
  videos: VideoBuckets,
  span: VideoSpan,
  sums: RetentionSums,
): Generator<void> {
  for (const rows of readPlaces(folded, readFoldedRows)) yield* addViewers(rows, videos, span, sums);
  for (const rows of readPlaces(replays, readRecords)) yield* addReplays(rows, videos, span, sums);
}

/** After so many rows or pieces of them the other side may have a look. */
const ROWS_AT_ONCE = 4096;

function halvesOf(hashes: BigUint64Array): Uint32Array {
  return new Uint32Array(hashes.buffer, hashes.byteOffset, hashes.length * 2);
}

const toUs = (seconds: number): number => Math.round(seconds * 1e6);

function* addViewers(
  { rowCount, columns, rangeOffsets, rangeStarts, rangeEnds }: FoldedRows,
  videos: VideoBuckets,
  { first: firstVideo, end: endVideo }: VideoSpan,
  sums: RetentionSums,
): Generator<void> {
  const halves = halvesOf(columns[ROW_VIDEO] as BigUint64Array);
  for (let row = 0; row < rowCount; row++) {
    if (row % ROWS_AT_ONCE === 0) yield;
    const from = rangeOffsets[row]!;
    const end = rangeOffsets[row + 1]!;
    if (from === end) continue;
    const video = videos.find(halves[row * 2]!, halves[row * 2 + 1]!);
    if (video < firstVideo || video >= endVideo) continue;
    let seen = -1;
    for (let range = from; range < end; range++) {
      const last = videos.bucketOf(video, toUs(rangeEnds[range]!) - 1);
      const first = Math.max(videos.bucketOf(video, toUs(rangeStarts[range]!)), seen + 1);
      if (first > last) continue;
      sums.add(video, first, 1, 1, 0);
      sums.add(video, last + 1, -1, -1, 0);
      seen = last;
    }
    sums.add(video, seen, 0, 0, 1);
  }
}

/** Of each viewer and bucket, the views beyond the first: of pieces in one bucket, the most watched counts. */
function* addReplays(
  { rowCount, columns }: RecordRows,
  videos: VideoBuckets,
  { first: firstVideo, end: endVideo }: VideoSpan,
  sums: RetentionSums,
): Generator<void> {
  const halves = halvesOf(columns[REPLAY_VIDEO] as BigUint64Array);
  const [starts, ends] = [columns[REPLAY_START]!, columns[REPLAY_END]!] as BigInt64Array[];
  const [rows, times] = [columns[REPLAY_ROW]!, columns[REPLAY_TIMES]!] as Int32Array[];
  let [video, seen, most] = [-1, -1, 0];
  for (let piece = 0; piece < rowCount; piece++) {
    if (piece % ROWS_AT_ONCE === 0) yield;
    if (piece === 0 || rows![piece] !== rows![piece - 1]) {
      video = videos.find(halves[piece * 2]!, halves[piece * 2 + 1]!);
      seen = -1;
    }
    if (video < firstVideo || video >= endVideo) continue;
    const more = times![piece]! - 1;
    const first = videos.bucketOf(video, Number(starts![piece]));
    const last = videos.bucketOf(video, Number(ends![piece]) - 1);
    if (first === seen && more > most) {
      sums.add(video, first, 0, more - most, 0);
      sums.add(video, first + 1, 0, most - more, 0);
    }
    const next = Math.max(first, seen + 1);
    if (next <= last) {
      sums.add(video, next, 0, more, 0);
      sums.add(video, last + 1, 0, -more, 0);
    }
    most = last === seen ? Math.max(most, more) : more;
    seen = last;
  }
}
