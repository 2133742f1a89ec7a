import { MAX_BUCKETS } from './layout.ts';

const NO_VIDEO = -1;

/** What VideoBuckets is made of, for other threads and the kernel: 26 to 34 bytes a video. */
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

/** How each video is divided, found by the two halves of its hash. The kernel finds and divides by the same rules. */
export class VideoBuckets {
  readonly hashes: BigUint64Array;
  readonly bucketCounts: Uint16Array;
  private readonly bucketUs: Float64Array;
  private readonly halves: Uint32Array;
  private readonly places: Int32Array;

  /** Videos of different hashes; their durations are seconds. */
  constructor(hashes: readonly bigint[], durations: readonly number[]) {
    const { length } = hashes;
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, length * 2)));
    this.hashes = shared(BigUint64Array, length * 8);
    this.bucketCounts = shared(Uint16Array, length * 2);
    this.bucketUs = shared(Float64Array, length * 8);
    this.places = shared(Int32Array, slots * 4).fill(NO_VIDEO);
    this.halves = new Uint32Array(this.hashes.buffer);
    for (let video = 0; video < length; video++) this.set(video, hashes[video]!, durations[video]!);
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

  /** Plain data, in memory that threads share. */
  get arrays(): VideoArrays {
    const { hashes, bucketCounts, bucketUs, places } = this;
    return { hashes, bucketCounts, bucketUs, places };
  }

  get count(): number {
    return this.hashes.length;
  }

  /** Buckets of all videos together. */
  get bucketTotal(): number {
    return this.bucketCounts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * The numbers that videos of other arrays have here, or -1. Throws where a video is divided in another way there:
   * two ids have one hash.
   */
  numbersOf({ hashes, bucketUs, bucketCounts }: VideoArrays): Int32Array {
    const halves = new Uint32Array(hashes.buffer);
    return Int32Array.from(hashes, (hash, other) => {
      const video = this.find(halves[other * 2]!, halves[other * 2 + 1]!);
      const isSame =
        this.bucketUs[video] === bucketUs[other] && this.bucketCounts[video] === bucketCounts[other];
      if (video !== NO_VIDEO && !isSame) throw new Error(`the video of hash ${hash} has two durations`);
      return video;
    });
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
