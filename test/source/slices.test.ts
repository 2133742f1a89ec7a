import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/schema.ts';
import { quoteText } from '../../src/duckdb.ts';
import { pathFilter } from '../../src/source/date-folders.ts';
import { resolveInputs } from '../../src/source/inputs.ts';
import { planSlices } from '../../src/source/slices.ts';
import { playfold, runJson, temporaryFolder, withDatabase } from '../built-cli.ts';

const folder = temporaryFolder();
const HOUR_US = 3_600_000_000n;
const START_US = 1_767_225_600_000_000n; // 2026-01-01

/** Writes `rows` events, one a second, as Parquet with row groups of 2048 rows. */
async function writeEvents(path: string, rows: number, firstSecond = 0, where = 'true'): Promise<string> {
  mkdirSync(dirname(path), { recursive: true });
  await withDatabase((database) =>
    database.run(
      `COPY (SELECT CASE WHEN ${where} THEN make_timestamptz(${START_US} + (i + ${firstSecond}) * 1000000) END AS "timestamp",
         'u' || i % 7 AS userId, 's' AS sessionId, 'v' AS videoId, 'play' AS eventName, 1e0 AS currentTime
       FROM range(${rows}) AS numbers(i)) TO ${quoteText(path)} (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
    ),
  );
  return path;
}

const slicesOf = (inputs: readonly string[], window: { sinceUs: bigint | null; untilUs: bigint | null }) =>
  withDatabase(async (database) => {
    const files = await resolveInputs(inputs, folder, {
      isWanted: pathFilter({ ...window, pruneFolders: true }),
    });
    const options = { ...window, keepInvalid: false, tempFolder: folder };
    return planSlices(database, files, parseConfig({}, 'test'), options);
  });

it('many small files share one slice', async () => {
  const paths: string[] = [];
  for (let i = 0; i < 30; i++) paths.push(await writeEvents(join(folder, 'small', `${i}.parquet`), 10));
  const slices = await slicesOf(paths, { sinceUs: null, untilUs: null });
  expect(slices.map(({ files, rowEstimate }) => [files.length, rowEstimate])).toEqual([[30, 300]]);
});

it('the one unreadable file of many is named', async () => {
  const broken = join(folder, 'small', 'broken.parquet');
  writeFileSync(broken, 'PAR1 and nothing more');
  const { code, stderr } = playfold(['run', join(folder, 'small'), '--out', join(folder, 'out')]);
  expect([code, stderr.split('\n').length]).toEqual([4, 2]);
  expect(stderr).toContain(`${broken}: cannot be read as parquet`);
});

it('row groups outside the window are left out, and those with rows without a timestamp are not', async () => {
  const path = await writeEvents(join(folder, 'large.parquet'), 20_480);
  const window = { sinceUs: START_US + HOUR_US, untilUs: START_US + 2n * HOUR_US };
  // Rows 3600 to 7200 lie in the row groups from 2048 to 8192.
  expect((await slicesOf([path], window)).map(({ rowEstimate }) => rowEstimate)).toEqual([20_480]);
  const before = { sinceUs: null, untilUs: START_US };
  expect(await slicesOf([path], before)).toEqual([]);
  const undated = await writeEvents(join(folder, 'undated.parquet'), 4096, 0, 'i <> 3000');
  expect(await slicesOf([undated], before)).toHaveLength(1);
});

it('a window reads the same rows whether folders and row groups are passed over or not', async () => {
  const lake = join(folder, 'lake');
  for (let day = 0; day < 6; day++)
    await writeEvents(join(lake, `date=2026-01-0${day + 1}`, 'events.parquet'), 5000, day * 86_400);
  // Would end the run if it were read.
  mkdirSync(join(lake, 'date=2025-12-01'));
  writeFileSync(join(lake, 'date=2025-12-01', 'broken.parquet'), 'PAR1 and nothing more');
  const window = [
    '--since',
    '2026-01-03T01:00:00Z',
    '--until',
    '2026-01-04T00:30:00Z',
    '--out',
    join(folder, 'days'),
  ];
  const pruned = runJson(lake, ...window);
  expect(pruned.events.read).toBe(5000 - 3600 + 1800);
  const { code, stderr } = playfold(['run', lake, ...window, '--no-prune-folders']);
  expect([code, stderr]).toEqual([4, expect.stringContaining('broken.parquet')]);
});
