import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { quoteText } from '../../src/duckdb.ts';
import { recognizeFile } from '../../src/source/formats.ts';
import { readFooters } from '../../src/source/parquet-footers.ts';
import { temporaryFolder, withDatabase } from '../built-cli.ts';

const folder = temporaryFolder();

it('a file whose pages unpack too far is refused by its footer', async () => {
  const path = join(folder, 'repeats.parquet');
  await withDatabase(async (database) => {
    await database.run(
      `COPY (SELECT i, repeat('a', 100000) || i AS text FROM range(100) AS r(i)) TO ${quoteText(path)} (COMPRESSION zstd)`,
    );
    const file = await recognizeFile(path, path);
    const ratio = Math.floor(10e6 / statSync(path).size);
    expect(ratio).toBeGreaterThan(200);
    await expect(readFooters(database, [file], { freeBytes: 1e6, ratio: ratio / 2 })).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/repeats.parquet: its Parquet data unpacks to [\d,]+ bytes/),
    });
    for (const limit of [
      { freeBytes: 1e6, ratio: 2 * ratio },
      { freeBytes: 20e6, ratio: 1 },
    ])
      expect((await readFooters(database, [file], limit)).get(path)?.rowGroups).toHaveLength(1);
  });
});
