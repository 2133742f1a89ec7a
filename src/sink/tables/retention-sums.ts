import type { VideoBuckets } from '../../kernel/video-buckets.ts';
import type { FlatRows } from '../flat-table.ts';

/** viewers, views, ended. */
const KINDS = 3;
/** Behind the place of a video and its bucket. */
const ROW_INTS = 2 + KINDS;

/** How much the numbers of a video change from one bucket to the next; `ended` is of the bucket itself. */
export interface RetentionSums {
  add(video: number, bucket: number, viewers: number, views: number, ended: number): void;
}

/** Changes in arrays, for the first videos: as many as fit. */
export class DenseSums implements RetentionSums {
  readonly videoCount: number;
  /** The changes of each bucket of each video, and of the one behind its last. */
  private readonly cells: Int32Array;
  private readonly offsets: Int32Array;

  constructor(videos: VideoBuckets, byteLimit: number) {
    this.offsets = new Int32Array(videos.count);
    let count = 0;
    let end = 0;
    while (count < videos.count) {
      const size = (videos.bucketCounts[count]! + 1) * KINDS;
      if ((end + size) * 4 > byteLimit) break;
      this.offsets[count] = end;
      end += size;
      count++;
    }
    this.videoCount = count;
    this.cells = new Int32Array(end);
  }

  add(video: number, bucket: number, viewers: number, views: number, ended: number): void {
    const at = this.offsets[video]! + bucket * KINDS;
    this.cells[at] = this.cells[at]! + viewers;
    this.cells[at + 1] = this.cells[at + 1]! + views;
    this.cells[at + 2] = this.cells[at + 2]! + ended;
  }

  /** The numbers of each bucket that somebody saw: video by video in the order of `places`, bucket by bucket. */
  *buckets(videos: VideoBuckets, places: Iterable<number>): Generator<FlatRows> {
    const rows = new RetentionRows(videos);
    for (const video of places) {
      let [viewers, views] = [0, 0];
      for (let bucket = 0; bucket < videos.bucketCounts[video]!; bucket++) {
        const at = this.offsets[video]! + bucket * KINDS;
        viewers += this.cells[at]!;
        views += this.cells[at + 1]!;
        if (viewers > 0) rows.add(video, bucket, viewers, views, this.cells[at + 2]!);
      }
      if (rows.isFull) yield rows.take();
    }
    yield rows.take();
  }
}

const BATCH_ROWS = 16_384;

/** Rows that are gathered to be given out as columns. */
export class RetentionRows implements RetentionSums {
  private readonly videos: VideoBuckets;
  private rows = new Int32Array(BATCH_ROWS * 2 * ROW_INTS);
  private rowCount = 0;

  constructor(videos: VideoBuckets) {
    this.videos = videos;
  }

  get isFull(): boolean {
    return this.rowCount >= BATCH_ROWS;
  }

  add(video: number, bucket: number, viewers: number, views: number, ended: number): void {
    const at = this.rowCount * ROW_INTS;
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
    this.rowCount++;
  }

  /** The rows as columns: the hash of the video, then what was added. There are none afterwards. */
  take(): FlatRows {
    const { rowCount } = this;
    const hashes = new BigUint64Array(rowCount);
    const others = Array.from({ length: ROW_INTS - 1 }, () => new Int32Array(rowCount));
    for (let row = 0; row < rowCount; row++) {
      const at = row * ROW_INTS;
      hashes[row] = this.videos.hashes[this.rows[at]!]!;
      for (let column = 0; column < ROW_INTS - 1; column++)
        others[column]![row] = this.rows[at + 1 + column]!;
    }
    this.rowCount = 0;
    return { rowCount, columns: [hashes, ...others] };
  }
}
