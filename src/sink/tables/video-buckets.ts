import type { Database } from '../../duckdb.ts';

/** Buckets of a long video; one of up to so many seconds has a bucket a second. */
export const MAX_BUCKETS = 600;

const NO_VIDEO = -1;

/** How each video is divided, found by the two halves of its hash. Typed arrays: 40 bytes a video. */
export class VideoBuckets {
  readonly hashes: BigUint64Array;
  readonly bucketCounts: Uint16Array;
  private readonly bucketUs: Float64Array;
  private readonly halves: Uint32Array;
  /** Hash table: which video. */
  private readonly places: Int32Array;

  private constructor(hashes: BigUint64Array, durations: Float64Array) {
    this.hashes = hashes;
    this.bucketCounts = new Uint16Array(hashes.length);
    this.bucketUs = new Float64Array(hashes.length);
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, hashes.length * 2)));
    this.places = new Int32Array(slots).fill(NO_VIDEO);
    this.halves = new Uint32Array(hashes.buffer, hashes.byteOffset, hashes.length * 2);
    for (let video = 0; video < hashes.length; video++) {
      const durationUs = Math.round(durations[video]! * 1e6);
      const isShort = durationUs <= MAX_BUCKETS * 1e6;
      this.bucketCounts[video] = isShort ? Math.max(1, Math.ceil(durationUs / 1e6)) : MAX_BUCKETS;
      this.bucketUs[video] = isShort ? MAX_BUCKETS * 1e6 : durationUs;
      let slot = this.slotOf(this.halves[video * 2]!, this.halves[video * 2 + 1]!);
      while (this.places[slot] !== NO_VIDEO) slot = (slot + 1) & (slots - 1);
      this.places[slot] = video;
    }
  }

  /** Reads the videos of a query for hash (UBIGINT) and duration (seconds), in its order. */
  static async read(database: Database, sql: string): Promise<VideoBuckets> {
    const hashes: bigint[] = [];
    const durations: number[] = [];
    const result = await database.stream(sql);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      for (const hash of chunk.getColumnValues(0)) hashes.push(hash as bigint);
      for (const duration of chunk.getColumnValues(1)) durations.push(duration as number);
    }
    return new VideoBuckets(BigUint64Array.from(hashes), Float64Array.from(durations));
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
