import { expect, it } from 'vitest';
import { foldedToBatch } from '../../src/exchange/batches.ts';
import { RowCollector } from '../../src/fold/row-collector.ts';
import type { FoldedRows } from '../../src/kernel/fold-kernel.ts';
import { ROW_COLUMNS, ROW_WIDE_COLUMNS } from '../../src/kernel/layout.ts';

/** Rows whose values all tell their number; row n has n % 3 ranges. */
function rowsFrom(first: number, rowCount: number): FoldedRows {
  const numbers = Array.from({ length: rowCount }, (_, i) => first + i);
  const ranges = numbers.flatMap((n) => Array.from({ length: n % 3 }, (_, i) => n + i / 10));
  let offset = 0;
  return {
    rowCount,
    columns: Array.from({ length: ROW_COLUMNS }, (_, column) => {
      const wide = numbers.map((n) => BigInt(n * 100 + column));
      if (column < 2) return BigUint64Array.from(wide);
      return column < ROW_WIDE_COLUMNS
        ? BigInt64Array.from(wide)
        : Int32Array.from(numbers, (n) => n * 100 + column);
    }),
    rangeOffsets: Int32Array.from([0, ...numbers.map((n) => (offset += n % 3))]),
    rangeStarts: Float64Array.from(ranges),
    rangeEnds: Float64Array.from(ranges, (start) => start + 1),
  };
}

const valuesOf = ({ columns, rangeOffsets, rangeStarts, rangeEnds }: FoldedRows) => [
  ...columns,
  rangeOffsets,
  rangeStarts,
  rangeEnds,
];

it.each([
  ['small ones become one', [3, 0, 5, 1], [9]],
  ['enough of them are written at once', [10_000, 10_000, 7], [20_000, 7]],
  ['large ones stay as they are', [20_000, 30_000], [20_000, 30_000]],
  ['a large one behind small ones joins them', [5, 20_000], [20_005]],
  ['none are none', [0, 0], []],
])('%s', (_, given, expected) => {
  const collector = new RowCollector();
  const written: FoldedRows[] = [];
  let at = 0;
  for (const count of given) {
    const rows = rowsFrom(at, count);
    const full = collector.add(rows);
    if (full !== null) written.push(full);
    // The memory behind rows is used again, unless they are written as they are.
    if (full !== rows) for (const column of rows.columns) new Uint8Array(column.buffer).fill(255);
    at += count;
  }
  const rest = collector.flush();
  if (rest !== null) written.push(rest);
  at = 0;
  for (const [i, rows] of written.entries()) {
    const wanted = rowsFrom(at, expected[i]!);
    expect(rows.rowCount).toBe(wanted.rowCount);
    // As bytes: comparing a million numbers one by one takes seconds.
    for (const [column, values] of valuesOf(rows).entries()) {
      const isSame = Buffer.from(values.slice().buffer).equals(Buffer.from(valuesOf(wanted)[column]!.buffer));
      expect([column, isSame]).toEqual([column, true]);
    }
    expect(foldedToBatch(rows).numRows).toBe(expected[i]);
    at += expected[i]!;
  }
  expect(written).toHaveLength(expected.length);
});
