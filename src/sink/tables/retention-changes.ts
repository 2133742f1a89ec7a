import type { BatchPlace } from '../../exchange/batch-writer.ts';
import { readFoldedRows, readRecords } from '../../exchange/batches.ts';
import { readPlaces } from '../../exchange/place-reader.ts';
import {
  REPLAY_END,
  REPLAY_ROW,
  REPLAY_START,
  REPLAY_TIMES,
  REPLAY_VIDEO,
  ROW_VIDEO,
} from '../../kernel/layout.ts';
import type { FlatColumn, FlatRows } from '../flat-table.ts';
import type { VideoBuckets } from './video-buckets.ts';

/** How much the numbers of a video change from one bucket to the next; `ended` is of the bucket itself. */
export const CHANGE_COLUMNS: readonly FlatColumn[] = [
  { name: 'videoHash', type: 'u64' },
  { name: 'bucket', type: 'i32' },
  { name: 'viewers', type: 'i32' },
  { name: 'views', type: 'i32' },
  { name: 'ended', type: 'i32' },
];

export interface RetentionInput {
  readonly videos: VideoBuckets;
  /** Folded rows, whose ranges say which buckets a viewer saw. */
  readonly folded: readonly BatchPlace[];
  /** Pieces that a viewer saw more than once. */
  readonly replays: readonly BatchPlace[];
  /** For arrays of the first videos; changes of the others are given out one by one, for DuckDB to add up. */
  readonly denseBytes: number;
}

const BATCH_ROWS = 16_384;

/**
 * Adds up the changes of all rows. A viewer counts once in each bucket that one of his ranges touches; his views
 * of a bucket are how often he saw its most watched moment, so that a pause within it is no second view.
 */
export function* retentionChanges(input: RetentionInput): Generator<FlatRows> {
  const sums = new ChangeSums(input.videos, input.denseBytes);
  for (const { rowCount, columns, rangeOffsets, rangeStarts, rangeEnds } of readPlaces(
    input.folded,
    readFoldedRows,
  )) {
    const halves = halvesOf(columns[ROW_VIDEO] as BigUint64Array);
    for (let row = 0; row < rowCount; row++) {
      const from = rangeOffsets[row]!;
      const end = rangeOffsets[row + 1]!;
      if (from === end) continue;
      const video = input.videos.find(halves[row * 2]!, halves[row * 2 + 1]!);
      if (video >= 0) addViewer(sums, input.videos, video, rangeStarts, rangeEnds, from, end);
      if (sums.pending >= BATCH_ROWS) yield sums.take();
    }
  }
  yield* addReplays(sums, input);
  yield* sums.takeDense();
  yield sums.take();
}

function halvesOf(hashes: BigUint64Array): Uint32Array {
  return new Uint32Array(hashes.buffer, hashes.byteOffset, hashes.length * 2);
}

const toUs = (seconds: number): number => Math.round(seconds * 1e6);

function addViewer(
  sums: ChangeSums,
  videos: VideoBuckets,
  video: number,
  starts: Float64Array,
  ends: Float64Array,
  from: number,
  end: number,
): void {
  let seen = -1;
  for (let range = from; range < end; range++) {
    const last = videos.bucketOf(video, toUs(ends[range]!) - 1);
    const first = Math.max(videos.bucketOf(video, toUs(starts[range]!)), seen + 1);
    if (first > last) continue;
    sums.add(video, first, 1, 1, 0);
    sums.add(video, last + 1, -1, -1, 0);
    seen = last;
  }
  sums.add(video, seen, 0, 0, 1);
}

/** Of each viewer and bucket, the views beyond the first: of pieces in one bucket, the most watched counts. */
function* addReplays(sums: ChangeSums, { videos, replays }: RetentionInput): Generator<FlatRows> {
  for (const { rowCount, columns } of readPlaces(replays, readRecords)) {
    const halves = halvesOf(columns[REPLAY_VIDEO] as BigUint64Array);
    const [starts, ends] = [columns[REPLAY_START]!, columns[REPLAY_END]!] as BigInt64Array[];
    const [rows, times] = [columns[REPLAY_ROW]!, columns[REPLAY_TIMES]!] as Int32Array[];
    let seen = -1;
    let most = 0;
    for (let piece = 0; piece < rowCount; piece++) {
      if (piece === 0 || rows![piece] !== rows![piece - 1]) seen = -1;
      const video = videos.find(halves[piece * 2]!, halves[piece * 2 + 1]!);
      if (video < 0) continue;
      const more = times![piece]! - 1;
      const first = videos.bucketOf(video, Number(starts![piece]));
      const last = videos.bucketOf(video, Number(ends![piece]) - 1);
      if (first === seen && more > most) sums.addOne(video, first, more - most);
      const next = Math.max(first, seen + 1);
      if (next <= last) {
        sums.add(video, next, 0, more, 0);
        sums.add(video, last + 1, 0, -more, 0);
      }
      most = last === seen ? Math.max(most, more) : more;
      seen = last;
      if (sums.pending >= BATCH_ROWS) yield sums.take();
    }
  }
}

const KINDS = 3;

/** Changes added up: in arrays for the first videos, as many as fit, and as rows for the others. */
class ChangeSums {
  private readonly videos: VideoBuckets;
  /** viewers, views and ended of each bucket, and of the one behind the last; or nowhere. */
  private readonly dense: Int32Array;
  private readonly offsets: Float64Array;
  private readonly denseVideos: number;
  private rows: Int32Array = new Int32Array(BATCH_ROWS * 2 * (KINDS + 2));
  pending = 0;

  constructor(videos: VideoBuckets, denseBytes: number) {
    this.videos = videos;
    this.offsets = new Float64Array(videos.count + 1);
    let count = 0;
    let next = 0;
    while (count < videos.count) {
      const size = (videos.bucketCounts[count]! + 1) * KINDS;
      if ((next + size) * 4 > denseBytes) break;
      this.offsets[count] = next;
      next += size;
      count++;
    }
    this.offsets[count] = next;
    this.denseVideos = count;
    this.dense = new Int32Array(next);
  }

  add(video: number, bucket: number, viewers: number, views: number, ended: number): void {
    if (video < this.denseVideos) {
      const at = this.offsets[video]! + bucket * KINDS;
      this.dense[at] = this.dense[at]! + viewers;
      this.dense[at + 1] = this.dense[at + 1]! + views;
      this.dense[at + 2] = this.dense[at + 2]! + ended;
    } else {
      this.push(video, bucket, viewers, views, ended);
    }
  }

  /** More views of one bucket alone. */
  addOne(video: number, bucket: number, views: number): void {
    this.add(video, bucket, 0, views, 0);
    this.add(video, bucket + 1, 0, -views, 0);
  }

  private push(video: number, bucket: number, viewers: number, views: number, ended: number): void {
    const at = this.pending * (KINDS + 2);
    if (at === this.rows.length) {
      const grown = new Int32Array(this.rows.length * 2);
      grown.set(this.rows);
      this.rows = grown;
    }
    this.rows[at] = video;
    this.rows[at + 1] = bucket;
    this.rows[at + 2] = viewers;
    this.rows[at + 3] = views;
    this.rows[at + 4] = ended;
    this.pending++;
  }

  /** The rows that are pending, as columns. */
  take(): FlatRows {
    const rowCount = this.pending;
    const hashes = new BigUint64Array(rowCount);
    const others = Array.from({ length: KINDS + 1 }, () => new Int32Array(rowCount));
    for (let row = 0; row < rowCount; row++) {
      const at = row * (KINDS + 2);
      hashes[row] = this.videos.hashes[this.rows[at]!]!;
      for (let column = 0; column <= KINDS; column++) others[column]![row] = this.rows[at + 1 + column]!;
    }
    this.pending = 0;
    return { rowCount, columns: [hashes, ...others] };
  }

  /** The arrays as rows, without those that change nothing. */
  *takeDense(): Generator<FlatRows> {
    for (let video = 0; video < this.denseVideos; video++) {
      for (let bucket = 0; bucket <= this.videos.bucketCounts[video]!; bucket++) {
        const at = this.offsets[video]! + bucket * KINDS;
        const [viewers, views, ended] = [this.dense[at]!, this.dense[at + 1]!, this.dense[at + 2]!];
        if (viewers !== 0 || views !== 0 || ended !== 0) this.push(video, bucket, viewers, views, ended);
      }
      if (this.pending >= BATCH_ROWS) yield this.take();
    }
  }
}
