import { RunCounters, throwIfStopped } from '../../progress-counters.ts';
import { addChanges, type RetentionPlaces } from './retention-changes.ts';
import { DenseSums } from './retention-sums.ts';
import { type VideoArrays, VideoBuckets } from './video-buckets.ts';

/** A part of the rows, whose changes are added to arrays that no other part uses meanwhile. */
export interface RetentionTask extends RetentionPlaces {
  readonly videos: VideoArrays;
  readonly sums: SharedArrayBuffer;
  /** The run's, which say when to stop. */
  readonly counters: SharedArrayBuffer;
}

/** Adds the changes of one part, for the videos that have arrays. */
export default function addPart({ videos: arrays, sums, counters, ...places }: RetentionTask): void {
  const videos = new VideoBuckets(arrays);
  const dense = new DenseSums(videos, sums);
  const run = new RunCounters(counters);
  for (const _ of addChanges(places, videos, { first: 0, end: dense.videoCount }, dense)) throwIfStopped(run);
}
