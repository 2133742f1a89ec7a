import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Database, quotePath } from '../../src/duckdb.ts';
import { generateLake } from '../../src/generate/lake.ts';
import { temporaryFolder } from '../built-cli.ts';

const folder = temporaryFolder();
const settings = { eventCount: 30_000, userCount: 600, videoCount: 50, seed: 1, threads: 1 };

interface Spread extends Record<string, number> {
  readonly events: number;
  readonly users: number;
  readonly longestDays: number;
  readonly lengthDays: number;
}

/** How the events of a lake lie in time, and a sum that tells lakes apart. */
async function spreadOf(eventsPath: string): Promise<Spread & { readonly sum: number }> {
  const database = await Database.open({
    threads: 1,
    memoryBytes: 1e9,
    tempFolder: join(folder, 'temporary'),
  });
  try {
    const source = `read_parquet(${quotePath(eventsPath, '/*.parquet')})`;
    const [row] = await database.rows<Spread & { sum: number }>(
      `SELECT (SELECT count(*) FROM ${source})::DOUBLE AS events, count(*)::DOUBLE AS users,
         max(last - first) / 86400e3 AS longestDays, (max(last) - min(first)) / 86400e3 AS lengthDays,
         (SELECT sum(hash(events)) % 1000000007 FROM ${source} AS events)::DOUBLE AS sum
       FROM (SELECT min(epoch_ms("timestamp"))::DOUBLE AS first, max(epoch_ms("timestamp"))::DOUBLE AS last
         FROM ${source} WHERE userId IS NOT NULL AND "timestamp" IS NOT NULL GROUP BY userId)`,
    );
    return row!;
  } finally {
    database.close();
  }
}

describe('generateLake', () => {
  it('lets users watch from the first day to the last, or come and go', async () => {
    const days = { ...settings, dayCount: 12 };
    const always = await generateLake({ ...days, outDir: join(folder, 'always') });
    const coming = await generateLake({ ...days, activeDays: 3, outDir: join(folder, 'coming') });
    const [all, some] = [await spreadOf(always.eventsPath), await spreadOf(coming.eventsPath)];
    expect([always.eventCount, coming.eventCount]).toEqual([30_000, 30_000]);
    expect([all.events, some.events]).toEqual([30_000, 30_000]);
    expect([Math.round(all.lengthDays), Math.round(some.lengthDays)]).toEqual([12, 12]);
    expect(all.longestDays).toBeGreaterThan(9);
    // A session that begins on a user's last day may end on the next.
    expect(some.longestDays).toBeLessThan(3.5);
    expect(some.users).toBeGreaterThan(settings.userCount / 2);
  });

  it('writes the same events for the same options, on any number of threads', async () => {
    const few = { ...settings, eventCount: 5000, dayCount: 4, activeDays: 2 };
    const sums: number[] = [];
    for (const [i, more] of [{ threads: 1 }, { threads: 2 }, { seed: 2 }].entries()) {
      const lake = await generateLake({ ...few, ...more, outDir: join(folder, `same ${i}`) });
      sums.push((await spreadOf(lake.eventsPath)).sum);
    }
    expect(sums[1]).toBe(sums[0]);
    expect(sums[2]).not.toBe(sums[0]);
  });
});
