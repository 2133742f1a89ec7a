import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database, type Json } from '../../src/duckdb.ts';
import {
  knownMediansSql,
  movedWindowsSql,
  quantileMediansSql,
  quantilesSql,
  readWindowsSql,
  WINDOW_COLUMNS,
} from '../../src/update/median-windows.ts';

/** What windows are made of: seconds watched, the last second (null without unique seconds), and whether it is completed. */
interface Row {
  readonly video: number;
  readonly watch: number;
  readonly lastEnd: number | null;
  readonly isCompleted: boolean;
}

let database: Database;
beforeAll(async () => {
  database = await Database.open({ threads: 1, memoryBytes: 1e9, tempFolder: tmpdir() });
});
afterAll(() => database.close());

function rowsSql(rows: readonly Row[]): string {
  const columns = 'videoHash, totalWatchTime, lastEnd, isCompletedAtLeastOnce';
  const values = rows.map(
    ({ video, watch, lastEnd, isCompleted }) =>
      `(${video}::UBIGINT, ${watch}::DOUBLE, ${lastEnd}::DOUBLE, ${isCompleted})`,
  );
  if (rows.length === 0)
    return `(SELECT 0::UBIGINT AS videoHash, 0::DOUBLE AS totalWatchTime, 0::DOUBLE AS lastEnd,
    false AS isCompletedAtLeastOnce LIMIT 0)`;
  return `(SELECT * FROM (VALUES ${values.join(', ')}) AS given(${columns}))`;
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (rank: number): number => sorted[Math.floor(rank)]!;
  return (at((sorted.length - 1) / 2) + at(sorted.length / 2)) / 2;
}

/** By video: the median of all watch times, and that of the last seconds of what is not completed. */
function mediansOf(rows: readonly Row[]): Map<number, readonly [number | null, number | null]> {
  const ofVideo = (video: number) => rows.filter((row) => row.video === video);
  const dropOffs = (own: readonly Row[]) =>
    own.flatMap(({ isCompleted, lastEnd }) => (isCompleted || lastEnd === null ? [] : [lastEnd]));
  return new Map(
    [...new Set(rows.map(({ video }) => video))].map((video) => [
      video,
      [median(ofVideo(video).map(({ watch }) => watch)), median(dropOffs(ofVideo(video)))],
    ]),
  );
}

async function readMedians(sql: string): Promise<Map<number, readonly [number | null, number | null]>> {
  const rows = await database.rows<Record<string, Json>>(
    `SELECT videoHash::INTEGER AS video, medianWatchTime AS watch, dropOffPosition AS dropOff FROM (${sql})`,
  );
  type Median = number | null;
  return new Map(
    rows.map(({ video, watch, dropOff }) => [video as number, [watch as Median, dropOff as Median]]),
  );
}

const row = fc.record({
  // Half seconds, so that halves of sums are exact.
  video: fc.constantFrom(1, 1, 1, 2),
  watch: fc.integer({ min: 0, max: 12 }).map((n) => n * 10),
  lastEnd: fc.option(
    fc.integer({ min: 0, max: 60 }).map((n) => n / 2),
    { freq: 6 },
  ),
  isCompleted: fc.boolean(),
});

/** Rows that come, and for each call which of the rows until then go. */
const history = fc.record({
  least: fc.constantFrom(0, 1, 2, 5),
  first: fc.array(row, { minLength: 1, maxLength: 60, size: 'max' }),
  calls: fc.array(
    fc.record({ added: fc.array(row, { maxLength: 8 }), removed: fc.array(fc.nat(), { maxLength: 4 }) }),
    { minLength: 1, maxLength: 4, size: 'max' },
  ),
});

/** Whether the windows know all medians of some rows. What they know must be right. */
async function compare(rows: readonly Row[], least: number): Promise<boolean> {
  const expected = mediansOf(rows);
  for (const [video, medians] of await readMedians(knownMediansSql('windows', least))) {
    expect(medians).toEqual(expected.get(video));
    expected.delete(video);
  }
  return expected.size === 0;
}

it('knows the medians of rows that come and go, as long as they lie in the windows', async () => {
  let known = 0;
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(history, async ({ least, first, calls }) => {
      let rows: readonly Row[] = first;
      await database.run(`CREATE OR REPLACE TABLE quantiles AS ${quantilesSql(rowsSql(rows))}`);
      expect(await readMedians(quantileMediansSql('quantiles'))).toEqual(mediansOf(rows));
      await database.run(`CREATE OR REPLACE TABLE windows (${WINDOW_COLUMNS})`);
      await database.run(`INSERT INTO windows ${readWindowsSql('quantiles', rowsSql(rows), least)}`);
      await compare(rows, least);
      for (const { added, removed } of calls) {
        // A row never goes without another in its place.
        const gone = [...new Set(removed.map((at) => rows[at % rows.length]!))];
        const came = [...added, ...gone.map((one) => ({ ...one, watch: one.watch + 30 }))];
        rows = [...rows.filter((one) => !gone.includes(one)), ...came];
        const moved = movedWindowsSql('windows', rowsSql(gone), rowsSql(came), least);
        await database.run(`CREATE OR REPLACE TABLE windows AS ${moved}`);
        if (await compare(rows, least)) known++;
        else lost++;
      }
    }),
    { numRuns: 60, seed: 20261128 },
  );
  expect(known).toBeGreaterThan(50);
  expect(lost).toBeGreaterThan(5);
});
