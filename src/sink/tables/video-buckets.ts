import type { Database } from '../../duckdb.ts';

/** Buckets of a long video; one of up to so many seconds has a bucket a second. */
export const MAX_BUCKETS = 600;

const NO_VIDEO = -1;

/** What VideoBuckets is made of, for other threads. Typed arrays: 40 bytes a video. */
export interface VideoArrays {
  readonly hashes: BigUint64Array;
  readonly bucketCounts: Uint16Array;
  readonly bucketUs: Float64Array;
  /** Hash table: which video. */
  readonly places: Int32Array;
}

/** Zeros in memory that threads share. */
const shared = <Numbers>(type: new (memory: SharedArrayBuffer) => Numbers, byteLength: number): Numbers =>
  new type(new SharedArrayBuffer(byteLength));

/** How each video is divided, found by the two halves of its hash. */
export class VideoBuckets {
  readonly arrays: VideoArrays;
  readonly hashes: BigUint64Array;
  readonly bucketCounts: Uint16Array;
  private readonly bucketUs: Float64Array;
  private readonly halves: Uint32Array;
  private readonly places: Int32Array;

  constructor(arrays: VideoArrays) {
    this.arrays = arrays;
    ({
      hashes: this.hashes,
      bucketCounts: this.bucketCounts,
      bucketUs: this.bucketUs,
      places: this.places,
    } = arrays);
    this.halves = new Uint32Array(this.hashes.buffer, this.hashes.byteOffset, this.hashes.length * 2);
  }

  private static of(hashes: readonly bigint[], durations: readonly number[]): VideoBuckets {
    const { length } = hashes;
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, length * 2)));
    const videos = new VideoBuckets({
      hashes: shared(BigUint64Array, length * 8),
      bucketCounts: shared(Uint16Array, length * 2),
      bucketUs: shared(Float64Array, length * 8),
      places: shared(Int32Array, slots * 4).fill(NO_VIDEO),
    });
    for (let video = 0; video < length; video++) videos.set(video, hashes[video]!, durations[video]!);
    return videos;
  }

  private set(video: number, hash: bigint, seconds: number): void {
    this.hashes[video] = hash;
    const durationUs = Math.round(seconds * 1e6);
    const isShort = durationUs <= MAX_BUCKETS * 1e6;
    this.bucketCounts[video] = isShort ? Math.max(1, Math.ceil(durationUs / 1e6)) : MAX_BUCKETS;
    this.bucketUs[video] = isShort ? MAX_BUCKETS * 1e6 : durationUs;
    let slot = this.slotOf(this.halves[video * 2]!, this.halves[video * 2 + 1]!);
    while (this.places[slot] !== NO_VIDEO) slot = (slot + 1) & (this.places.length - 1);
    this.places[slot] = video;
  }

  /**
   * Reads the videos of a query for hash (UBIGINT), duration (seconds) and rank (INTEGER), in its order. Returns their
   * ranks, too.
   */
  static async read(
    database: Database,
    sql: string,
  ): Promise<{ readonly videos: VideoBuckets; readonly ranks: readonly number[] }> {
    const hashes: bigint[] = [];
    const durations: number[] = [];
    const ranks: number[] = [];
    const result = await database.stream(sql);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      for (const hash of chunk.getColumnValues(0)) hashes.push(hash as bigint);
      for (const duration of chunk.getColumnValues(1)) durations.push(duration as number);
      for (const rank of chunk.getColumnValues(2)) ranks.push(rank as number);
    }
    return { videos: VideoBuckets.of(hashes, durations), ranks };
  }

  get count(): number {
    return this.hashes.length;
  }

  /** Buckets of all videos together. */
  get bucketTotal(): number {
    return this.bucketCounts.reduce((sum, count) => sum + count, 0);
  }

  /** The video of a hash, given as its lower and upper half, or -1 where it is not known how long it is. */
  find(low: number, high: number): number {
    let slot = this.slotOf(low, high);
    for (;;) {
      const video = this.places[slot]!;
      if (video === NO_VIDEO) return NO_VIDEO;
      if (this.halves[video * 2] === low && this.halves[video * 2 + 1] === high) return video;
      slot = (slot + 1) & (this.places.length - 1);
    }
  }

  /** The bucket of a position in microseconds; the last one holds what lies behind the end, too. */
  bucketOf(video: number, positionUs: number): number {
    // Below 2 ^ 53: positions end at 1e13 µs. Dividing last keeps the border of a bucket exact.
    const bucket = Math.floor((positionUs * MAX_BUCKETS) / this.bucketUs[video]!);
    return Math.min(bucket, this.bucketCounts[video]! - 1);
  }

  private slotOf(low: number, high: number): number {
    return (Math.imul(low, 0x9e3779b1) ^ high) & (this.places.length - 1);
  }
}
