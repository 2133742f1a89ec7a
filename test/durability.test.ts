import { afterAll, beforeAll, expect, it } from 'vitest';
import { compareHashes } from '../soak/determinism.ts';
import { flipBits } from '../soak/flips.ts';
import { fillDisks } from '../soak/full-disk.ts';
import { fuzzFiles } from '../soak/fuzz.ts';
import { closeWorkshop, type Extent, type Finding, openWorkshop, type Workshop } from '../soak/harness.ts';
import { killAfterEachStep, killAtRandomMoments } from '../soak/kills.ts';
import { contendForLock } from '../soak/locks.ts';
import { runAgain } from '../soak/reruns.ts';
import { sendSignals } from '../soak/signals.ts';
import { letWorkersDie } from '../soak/worker-deaths.ts';

// The short version of `npm run soak`: the same work, fewer rounds.
let workshop: Workshop;
beforeAll(async () => {
  workshop = await openWorkshop(4000);
});
afterAll(() => closeWorkshop(workshop));

// Updates are killed in update/kills.test.ts.
it.each<[string, number, (workshop: Workshop, extent: Extent) => Promise<Finding>]>([
  [
    'a reader sees a whole result, and a rerun mends all, when a run is killed at a random moment',
    1,
    killAtRandomMoments,
  ],
  ['the same holds after every twelfth step', 40, (at, extent) => killAfterEachStep(at, extent, 12)],
  ['verify finds a flipped bit', 12, flipBits],
  ['the same run again changes no byte', 2, runAgain],
  ['of many runs at a time one goes on and the others end with 5', 2, contendForLock],
  ['a full disk ends with 74, names the folder and the bytes, and changes nothing', 3, fillDisks],
  ['a signal ends a run with 130 or 143 and leaves nothing', 2, sendSignals],
  ['work whose worker dies is run once more', 2, letWorkersDie],
  ['threads, order of files and budgets give one content hash', 5, compareHashes],
  [
    'damaged input is folded or refused, never a crash',
    20,
    (at, extent) => fuzzFiles(at, extent, { hangsAfterMs: 60_000 }),
  ],
])('%s', async (_, count, work) => {
  const { tried, held, problems, figures } = await work(workshop, {
    count,
    untilMs: Number.POSITIVE_INFINITY,
  });
  expect({ problems, figures }).toEqual({ problems: [], figures });
  expect(held).toBe(tried);
  if (figures.startsWith('not tried')) process.stderr.write(`${figures}\n`);
});
