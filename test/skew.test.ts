import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkSkew, skewedLakes, writeSkew } from '../bench/skew.ts';
import { runPipeline } from '../dist/pipeline.js';
import { resolveOptions, type WorkSizes } from '../dist/run-options.js';
import { temporaryFolder } from './built-cli.ts';

const folder = temporaryFolder();

/** A budget so small, for lakes a hundredth as large, that partitions are folded in passes and batches are spilled. */
const TIGHT: WorkSizes = {
  maxEventsAtOnce: 20_000,
  heldLimitBytes: 100_000,
  roundRows: 8192,
  usersAtOnce: 30_000,
  fewVideos: 10_000,
};

it.each(skewedLakes(0.01).map((skew) => [skew.name, skew] as const))(
  '%s: exact, whatever the budget',
  async (_, skew) => {
    const input = await writeSkew(skew, folder);
    const run = (name: string, sizes: WorkSizes) =>
      runPipeline(
        resolveOptions({ inputs: [input], out: join(folder, name), threads: 1, memory: '256MB' }, sizes),
      );
    const usual = await run('usual', {});
    const tight = await run('tight', TIGHT);
    checkSkew(skew, usual);
    checkSkew(skew, tight);
    expect(tight.contentHash).toBe(usual.contentHash);
    expect(tight.spilledBytes).toBeGreaterThan(0);
  },
);
