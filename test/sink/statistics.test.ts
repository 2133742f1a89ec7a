import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Database } from '../../src/duckdb.ts';
import { countValuesSql, quartilesSql } from '../../src/sink/statistics.ts';

it('gives the quartiles that quantile_cont gives', async () => {
  const database = await Database.open({ threads: 1, memoryBytes: 1e9, tempFolder: tmpdir() });
  const percentage = fc.option(fc.integer({ min: 0, max: 30_000 }).map((hundredths) => hundredths / 100));
  await fc.assert(
    fc.asyncProperty(fc.array(percentage, { maxLength: 40 }), async (values) => {
      const source = `(SELECT unnest([${values.map((value) => value ?? 'NULL').join(', ')}]::DOUBLE[]) AS p)`;
      const [row] = await database.rows<{ ours: number[] | null; theirs: number[] | null }>(
        `SELECT (${quartilesSql(countValuesSql('p', source))}) AS ours, quantile_cont(p, [0.25, 0.5, 0.75]) AS theirs FROM ${source}`,
      );
      expect(row!.ours).toEqual(row!.theirs);
    }),
    { numRuns: 100, seed: 20260105 },
  );
  database.close();
});
