import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Database, quoteText } from '../../src/duckdb.ts';
import type { Round, ScanKernel } from '../../src/kernel/scan-kernel.ts';
import { PushFunction, pushCall } from '../../src/source/hand-over.ts';
import { temporaryFolder, withDatabase } from '../built-cli.ts';
import { hashText, kernels, openScan } from '../kernel/kernel-fold.ts';

const folder = temporaryFolder();
const ROWS = 50_000;
const CUT = { chunkRows: 2048, roundRows: 65_536, partitionBits: 4, binsPerPartition: 2, shareCount: 1 };

/** Expressions of the push function's types, with nulls, over a few row groups. */
const EXPRESSIONS = [
  'hash(i % 700)',
  'hash(i % 700 + 1)',
  'hash(i % 90)',
  'hash(i // 6)',
  `(${`CASE i % 6 ${[0, 1, 2, 3, 4, 5].map((n) => `WHEN ${n} THEN ${hashText(`class ${n}`)}`).join(' ')} END`})::UBIGINT`,
  'CASE WHEN i % 101 <> 0 THEN 1767225600000000 + i * 1000 END',
  'CASE WHEN i % 103 <> 0 THEN i / 7 END::DOUBLE',
  'CASE WHEN i % 5 = 0 THEN i / 9 END::DOUBLE',
];

/** The twin of the push function: fetches chunks of a result and copies their vectors. */
async function scanByChunks(database: Database, query: string, kernel: ScanKernel): Promise<void> {
  const result = await database.connection.stream(query);
  for (
    let chunk = await result.fetchChunk();
    chunk !== null && chunk.rowCount > 0;
    chunk = await result.fetchChunk()
  ) {
    for (let column = 0; column < kernel.columns.length; column++) {
      const { items, validity } = chunk.getColumnVector(column) as unknown as {
        items: BigInt64Array;
        validity: { itemValid(item: number): boolean };
      };
      kernel.columns[column]!.set(new Uint8Array(items.buffer, items.byteOffset, items.byteLength));
      const bitmap = kernel.validity[column]?.fill(0);
      for (let row = 0; bitmap != null && row < chunk.rowCount; row++)
        if (validity.itemValid(row)) bitmap[row >> 3]! |= 1 << (row & 7);
    }
    expect(kernel.push(chunk.rowCount)).toBe(true);
  }
}

const digest = ({ fragments, events, fragmentOffsets, eventOffsets }: Round): string =>
  createHash('sha256')
    .update(fragments)
    .update(events)
    .update(fragmentOffsets)
    .update(eventOffsets)
    .digest('hex');

it('hands the kernel the same rows as fetching chunks does', async () => {
  await withDatabase(async (database) => {
    const path = quoteText(join(folder, 'rows.parquet'));
    await database.run(`COPY (SELECT i FROM range(${ROWS}) AS numbers(i)) TO ${path} (ROW_GROUP_SIZE 10240)`);
    const byChunks = openScan(kernels.release, true, CUT);
    byChunks.begin();
    await scanByChunks(database, `SELECT ${EXPRESSIONS.join(', ')} FROM read_parquet(${path})`, byChunks);

    const byFunction = openScan(kernels.release, true, CUT);
    byFunction.begin();
    const push = new PushFunction(database, true);
    let chunks = 0;
    await push.run(
      database,
      `SELECT count(*) FROM read_parquet(${path}) WHERE ${pushCall(EXPRESSIONS)} <> 0`,
      {
        kernel: byFunction,
        take: (rowCount) => {
          chunks++;
          byFunction.push(rowCount);
        },
      },
    );
    expect(chunks).toBeGreaterThanOrEqual(ROWS / 2048);
    expect(byFunction.counts()).toEqual(byChunks.counts());
    expect(byFunction.counts().rowsRead).toBe(ROWS);
    expect(digest(byFunction.flush())).toBe(digest(byChunks.flush()));
  });
});

it('passes on what the taker threw, as it was', async () => {
  await withDatabase(async (database) => {
    const push = new PushFunction(database, true);
    const kernel = openScan(kernels.release, true, CUT);
    const failure = new RangeError('enough');
    const run = push.run(database, `SELECT ${pushCall(EXPRESSIONS)} FROM range(9) AS numbers(i)`, {
      kernel,
      take: () => {
        throw failure;
      },
    });
    await expect(run).rejects.toBe(failure);
  });
});
