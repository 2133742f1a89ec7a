import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database, type Json } from '../../src/duckdb.ts';
import { STATE_COLUMNS, uniteRowsSql } from '../../src/update/unite-rows.ts';

type Range = readonly [start: number, end: number];

/** What one call folded of a pair: ascending ranges that do not touch, in seconds, and how many events. */
interface Piece {
  readonly pair: number;
  readonly events: number;
  readonly ranges: readonly Range[];
}

let database: Database;
beforeAll(async () => {
  database = await Database.open({ threads: 1, memoryBytes: 1e9, tempFolder: tmpdir() });
});
afterAll(() => database.close());

/** SQL for a piece in the columns of the state: the maxima, minima and sums all from its number of events. */
function pieceSql({ pair, events, ranges }: Piece): string {
  const list = ranges.map(([start, end]) => `{'start': ${start}::DOUBLE, 'end': ${end}::DOUBLE}`);
  const columns = STATE_COLUMNS.map((name) => {
    if (name === 'ranges') return `[${list.join(', ')}]::STRUCT("start" DOUBLE, "end" DOUBLE)[] AS ranges`;
    return name.endsWith('Hash') ? `${pair}::UBIGINT AS ${name}` : `${events}::BIGINT AS ${name}`;
  });
  return `SELECT ${columns.join(', ')}`;
}

/** Ranges that overlap or touch are one. */
function unite(ranges: readonly Range[]): Range[] {
  const united: [number, number][] = [];
  for (const [start, end] of [...ranges].sort(([a], [b]) => a - b)) {
    const last = united.at(-1);
    if (last === undefined || start > last[1]) united.push([start, end]);
    else last[1] = Math.max(last[1], end);
  }
  return united;
}

const ranges = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 8 })), { maxLength: 3 })
  .map((starts) => unite(starts.map(([start, length]): Range => [start / 2, (start + length) / 2])));

const pieces = fc.array(
  fc.record({ pair: fc.integer({ min: 1, max: 3 }), events: fc.integer({ min: 1, max: 9 }), ranges }),
  { minLength: 1, maxLength: 6 },
);

it('gives one row a pair: sums of counts, the union of ranges and its length', async () => {
  let several = 0;
  let many = 0;
  await fc.assert(
    fc.asyncProperty(pieces, async (given) => {
      const rows = await database.rows<Record<string, Json>>(
        `SELECT userHash::VARCHAR AS pair, eventCount::INTEGER AS events, maxPositionUs::INTEGER AS most,
           firstTimestampUs::INTEGER AS first, uniqueUs::INTEGER AS uniqueUs,
           list_transform(ranges, lambda r: [r."start", r."end"]) AS ranges
         FROM (${uniteRowsSql(given.map(pieceSql).join(' UNION ALL '), true)}) ORDER BY pair`,
      );
      const pairs = [...new Set(given.map(({ pair }) => pair))].sort();
      expect(rows).toEqual(
        pairs.map((pair) => {
          const own = given.filter((piece) => piece.pair === pair);
          const events = own.map((piece) => piece.events);
          const union = unite(own.flatMap((piece) => piece.ranges));
          if (own.length > 1) several++;
          if (own.length > 1 && own.flatMap((piece) => piece.ranges).length > 2) many++;
          return {
            pair: String(pair),
            events: events.reduce((sum, count) => sum + count, 0),
            most: Math.max(...events),
            first: Math.min(...events),
            uniqueUs: union.reduce((sum, [start, end]) => sum + (end - start) * 1e6, 0),
            ranges: union,
          };
        }),
      );
    }),
    { numRuns: 150, seed: 20260120 },
  );
  expect(several - many).toBeGreaterThan(30);
  expect(many).toBeGreaterThan(30);
});
