import type { BatchPlace } from '../../exchange/batch-writer.ts';
import { readRecords } from '../../exchange/batches.ts';
import { readPlaces } from '../../exchange/place-reader.ts';
import { BUCKET_BITS, POSITION_BITS, TIMES_BEHIND } from '../../kernel/layout.ts';
import type { RecordRows } from '../../kernel/records.ts';
import type { VideoBuckets } from '../../kernel/video-buckets.ts';
import type { RetentionSums } from './retention-sums.ts';

/** Views as the folds recorded them: layout.ts draws their words. */
export interface ViewPlaces {
  readonly byBucket: readonly BatchPlace[];
  /** Which video each video of the folds is. */
  readonly numbers: Int32Array;
  readonly byPosition: readonly BatchPlace[];
}

/** Which videos are meant, by their numbers: from `first` to before `end`. */
export interface VideoSpan {
  readonly first: number;
  readonly end: number;
}

/**
 * Adds the changes of all views of some videos, and yields now and then. A viewer counts once in each bucket that he
 * saw a moment of; his views of a bucket are how often he saw its most watched moment, so that a pause within it is
 * no second view.
 */
export function* addViews(
  { byBucket, numbers, byPosition }: ViewPlaces,
  videos: VideoBuckets,
  span: VideoSpan,
  sums: RetentionSums,
): Generator<void> {
  for (const rows of readPlaces(byBucket, readRecords)) yield* addBucketViews(rows, numbers, span, sums);
  for (const rows of readPlaces(byPosition, readRecords)) yield* addPositionViews(rows, videos, span, sums);
}

/** After so many pairs the other side may have a look. */
const PAIRS_AT_ONCE = 4096;

const BUCKET_MASK = 2 ** BUCKET_BITS - 1;

function* addBucketViews(
  { rowCount, columns }: RecordRows,
  numbers: Int32Array,
  { first, end }: VideoSpan,
  sums: RetentionSums,
): Generator<void> {
  const words = columns[0] as Int32Array;
  for (let at = 0, pair = 0; at < rowCount; pair++) {
    if (pair % PAIRS_AT_ONCE === 0) yield;
    const video = numbers[words[at++]!]!;
    const isMeant = video >= first && video < end;
    let word: number;
    let before = 0;
    do {
      word = words[at++]!;
      let times = (word >> BUCKET_BITS) & TIMES_BEHIND;
      if (times === TIMES_BEHIND) times = words[at++]!;
      const viewers = (times === 0 ? 0 : 1) - (before === 0 ? 0 : 1);
      if (isMeant) sums.add(video, word & BUCKET_MASK, viewers, times - before, 0);
      before = times;
    } while (word >= 0);
    if (isMeant) sums.add(video, (word & BUCKET_MASK) - 1, 0, 0, 1);
  }
}

/** Of the upper half of a word: where times stand in it, and the bits of a position below them. */
const TIMES_SHIFT = POSITION_BITS - 32;
const POSITION_MASK = 2 ** TIMES_SHIFT - 1;

function* addPositionViews(
  { rowCount, columns }: RecordRows,
  videos: VideoBuckets,
  { first, end }: VideoSpan,
  sums: RetentionSums,
): Generator<void> {
  const words = columns[0] as BigInt64Array;
  // As halves, the lower one first: BigInt would cost 100 ns a word.
  const lows = new Uint32Array(words.buffer, words.byteOffset, rowCount * 2);
  const highs = new Int32Array(words.buffer, words.byteOffset, rowCount * 2);
  for (let at = 0, pair = 0; at < rowCount; pair++) {
    if (pair % PAIRS_AT_ONCE === 0) yield;
    const video = videos.find(lows[at * 2]!, lows[at * 2 + 1]!);
    const isMeant = video >= first && video < end;
    const bucketViews = isMeant ? new PairBuckets(videos, video, sums) : null;
    at++;
    let high: number;
    let [beforeUs, before] = [0, 0];
    do {
      high = highs[at * 2 + 1]!;
      const positionUs = lows[at * 2]! + (high & POSITION_MASK) * 2 ** 32;
      let times = (high >> TIMES_SHIFT) & TIMES_BEHIND;
      at++;
      if (times === TIMES_BEHIND) times = lows[at++ * 2]!;
      if (before > 0) bucketViews?.add(beforeUs, positionUs, before);
      [beforeUs, before] = [positionUs, times];
    } while (high >= 0);
    bucketViews?.end();
  }
}

/** The views of one pair by bucket: of pieces in one bucket, the most watched counts. */
class PairBuckets {
  private readonly videos: VideoBuckets;
  private readonly video: number;
  private readonly sums: RetentionSums;
  /** The last bucket so far, and how often it was seen. */
  private last = -1;
  private times = 0;

  constructor(videos: VideoBuckets, video: number, sums: RetentionSums) {
    this.videos = videos;
    this.video = video;
    this.sums = sums;
  }

  /** Pieces ascend. */
  add(startUs: number, endUs: number, times: number): void {
    const { videos, video, sums } = this;
    const first = videos.bucketOf(video, startUs);
    const last = videos.bucketOf(video, endUs - 1);
    if (first === this.last && times > this.times) {
      sums.add(video, first, 0, times - this.times, 0);
      sums.add(video, first + 1, 0, this.times - times, 0);
    }
    const next = Math.max(first, this.last + 1);
    if (next <= last) {
      sums.add(video, next, 1, times, 0);
      sums.add(video, last + 1, -1, -times, 0);
    }
    this.times = last === this.last ? Math.max(times, this.times) : times;
    this.last = last;
  }

  end(): void {
    this.sums.add(this.video, this.last, 0, 0, 1);
  }
}
