import { describe, expect, it } from 'vitest';
import { VideoBuckets } from '../../src/kernel/video-buckets.ts';

const hashes = Array.from({ length: 1000 }, (_, i) => BigInt.asUintN(64, BigInt(i) << 40n) + 7n);
const videos = new VideoBuckets(
  hashes,
  hashes.map((_, i) => i + 0.5),
);
const find = (hash: bigint): number => videos.find(Number(hash & 0xffff_ffffn), Number(hash >> 32n));

describe('the buckets of videos', () => {
  it('are found by the hash of the video, and no others', () => {
    expect(hashes.map(find)).toEqual(hashes.map((_, i) => i));
    expect(hashes.map((hash) => find(hash + 1n))).toEqual(hashes.map(() => -1));
  });

  it.each([
    ['of a second, up to 600 of them', 300, [0, 999_999, 1_000_000, 299_999_999], [0, 0, 1, 299]],
    ['of a second, the last of them shorter', 300.5, [300_000_000, 300_499_999], [300, 300]],
    ['600 of equal length in a longer video', 700, [0, 1_166_666, 1_166_667, 699_999_999], [0, 0, 1, 599]],
    ['one in a video of no length to speak of', 0.000_000_1, [0, 5_000_000], [0, 0]],
    ['the last of which holds what lies behind the end', 300, [300_000_000, 10_000_000_000_000], [299, 299]],
  ])('are %s', (_, seconds, positionsUs, buckets) => {
    const one = new VideoBuckets([1n], [seconds]);
    expect(positionsUs.map((us) => one.bucketOf(0, us))).toEqual(buckets);
  });

  it('have the numbers of the same videos elsewhere, however these are in order there', () => {
    const others = new VideoBuckets([hashes[5]!, 99n, hashes[3]!], [5.5, 1, 3.5]);
    expect([...videos.numbersOf(others.arrays)]).toEqual([5, -1, 3]);
  });

  it('are not those of another video with the same hash', () => {
    const others = new VideoBuckets([hashes[5]!], [6.5]);
    expect(() => videos.numbersOf(others.arrays)).toThrow('has two durations');
  });
});
