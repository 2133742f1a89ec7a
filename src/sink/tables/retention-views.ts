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

/** From a bucket on, a viewer saw the video so many times, and others before it. */
function addStep(sums: RetentionSums, video: number, bucket: number, before: number, times: number): void {
  sums.add(video, bucket, (times === 0 ? 0 : 1) - (before === 0 ? 0 : 1), times - before, 0);
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
      if (isMeant) addStep(sums, video, word & BUCKET_MASK, before, times);
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
  const steps = new BucketSteps(videos, sums);
  for (let at = 0, pair = 0; at < rowCount; pair++) {
    if (pair % PAIRS_AT_ONCE === 0) yield;
    const video = videos.find(lows[at * 2]!, lows[at * 2 + 1]!);
    const isMeant = video >= first && video < end;
    if (isMeant) steps.begin(video);
    at++;
    let high: number;
    let [beforeUs, before] = [0, 0];
    do {
      high = highs[at * 2 + 1]!;
      const positionUs = lows[at * 2]! + (high & POSITION_MASK) * 2 ** 32;
      let times = (high >> TIMES_SHIFT) & TIMES_BEHIND;
      at++;
      if (times === TIMES_BEHIND) times = lows[at++ * 2]!;
      if (isMeant && before > 0) steps.add(beforeUs, positionUs, before);
      beforeUs = positionUs;
      before = times;
    } while (high >= 0);
    if (isMeant) steps.end();
  }
}

/** From the pieces of a pair to steps by bucket, as the kernel makes them: of pieces in one bucket, the most watched counts. */
class BucketSteps {
  private readonly videos: VideoBuckets;
  private readonly sums: RetentionSums;
  private video = 0;
  /** The buckets of the last step so far, which later pieces may still change, and how often they were seen. */
  private from = 0;
  private next = 0;
  private times = 0;
  /** How often those before it were seen. */
  private before = 0;

  constructor(videos: VideoBuckets, sums: RetentionSums) {
    this.videos = videos;
    this.sums = sums;
  }

  begin(video: number): void {
    this.video = video;
    this.from = Number.MAX_SAFE_INTEGER;
    this.next = -1;
    this.times = 0;
    this.before = 0;
  }

  /** Pieces ascend. */
  add(startUs: number, endUs: number, times: number): void {
    const { videos, video } = this;
    let from = videos.bucketOf(video, startUs);
    const next = videos.bucketOf(video, endUs - 1) + 1;
    if (from < this.next) {
      from = times > this.times ? from : this.next;
      if (from === next) return;
    } else if (this.next < from && this.times > 0) {
      this.step(this.from, this.times);
      this.from = this.next;
      this.times = 0;
    }
    if (times !== this.times) {
      if (this.from < from) this.step(this.from, this.times);
      this.from = from;
      this.times = times;
    }
    this.next = next;
  }

  end(): void {
    this.step(this.from, this.times);
    this.step(this.next, 0);
    this.sums.add(this.video, this.next - 1, 0, 0, 1);
  }

  private step(bucket: number, times: number): void {
    addStep(this.sums, this.video, bucket, this.before, times);
    this.before = times;
  }
}
