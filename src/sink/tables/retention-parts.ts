import { forEachAtOnce } from '../../at-once.ts';
import type { BatchPlace } from '../../exchange/batch-writer.ts';
import { openWorkerThreads } from '../../pool/worker-threads.ts';
import type { TableInput } from './output-table.ts';
import type { RetentionPlaces } from './retention-changes.ts';
import type { DenseSums } from './retention-sums.ts';
import addPart, { type RetentionTask } from './retention-worker.ts';
import type { VideoBuckets } from './video-buckets.ts';

/** So many parts a thread even out that some take longer. */
const PARTS_A_THREAD = 8;

/** Adds the changes of the videos that have arrays, on as many threads as the run works with. */
export async function addInParallel(
  places: RetentionPlaces,
  videos: VideoBuckets,
  sums: DenseSums,
  { workers, counters }: Pick<TableInput, 'workers' | 'counters'>,
): Promise<void> {
  const count = workers === 1 ? 1 : workers * PARTS_A_THREAD;
  const [folded, replays] = [divide(places.folded, count), divide(places.replays, count)];
  const parts = Array.from(
    { length: count },
    (_, i): RetentionTask => ({
      videos: videos.arrays,
      sums: sums.memory,
      counters: counters.memory,
      folded: folded[i]!,
      replays: replays[i]!,
    }),
  );
  if (workers === 1) {
    addPart(parts[0]!);
    return;
  }
  const file = new URL('./retention-worker.js', import.meta.url).href;
  const threads = openWorkerThreads<RetentionTask, void>(file, workers);
  // Each thread has arrays of its own: adding to shared ones, where all meet at the most watched videos, took twice as long.
  const memories = Array.from({ length: workers }, () => new SharedArrayBuffer(sums.memory.byteLength));
  const free = [...memories];
  try {
    await forEachAtOnce(parts, workers, async (part) => {
      const memory = free.pop()!;
      await threads.run({ ...part, sums: memory });
      free.push(memory);
    });
    for (const memory of memories) sums.include(memory);
  } finally {
    await threads.close();
  }
}

/** Deals places to `count` parts; the batches of one spill file, which is read as a whole, go to one. */
function divide(places: readonly BatchPlace[], count: number): BatchPlace[][] {
  const parts = Array.from({ length: count }, (): BatchPlace[] => []);
  const paths = new Map<string, number>();
  let next = 0;
  for (const place of places) {
    let part = place.memory === null ? paths.get(place.path) : undefined;
    part ??= next++ % count;
    if (place.memory === null) paths.set(place.path, part);
    parts[part]!.push(place);
  }
  return parts;
}
