import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Database, quoteText } from '../../src/duckdb.ts';
import { countNegativeRows } from '../../src/sink/checks.ts';
import { outputColumns } from '../../src/sink/engagement-sql.ts';
import { temporaryFolder } from '../built-cli.ts';

it.each<[string, Record<string, string>, number]>([
  ['none', {}, 0],
  ['a negative count', { totalPauses: 'CASE WHEN i = 7 THEN -1 ELSE 1 END' }, 1],
  ['two in one row', { videoDuration: '-1e-6', eventCount: 'CASE WHEN i < 3 THEN -2 ELSE 0 END' }, 10],
  ['nulls alone', { uniqueWatchPercentage: 'NULL::DOUBLE' }, 0],
  ['a negative number among nulls', { uniqueWatchPercentage: 'CASE WHEN i = 2 THEN -0.01 END' }, 1],
])('counts the rows of a file with a negative value: %s', async (name, values, rows) => {
  const folder = temporaryFolder();
  const database = await Database.open({ threads: 1, memoryBytes: 1e8, tempFolder: folder });
  const path = join(folder, `${name}.parquet`);
  const columns = outputColumns(true).map(([column]) => `${values[column] ?? '1::DOUBLE'} AS "${column}"`);
  await database.run(
    `COPY (SELECT ${columns.join(', ')} FROM range(10) AS numbers(i)) TO ${quoteText(path)} (FORMAT parquet)`,
  );
  expect(await countNegativeRows(database, [path])).toBe(rows);
  database.close();
});
