import type { FoldedRows } from '../kernel/fold-kernel.ts';

/** Writing a batch, and reading it as often as an update does, costs 1.3 ms, however few its rows. */
const ROWS_A_BATCH = 16_384;

type Column = FoldedRows['columns'][number];

/** Collects the rows of small folds, so that they become few batches. */
export class RowCollector {
  private parts: FoldedRows[] = [];
  private rowCount = 0;

  /** Takes rows, which are valid during the call; returns those that are to be written, as long valid. */
  add(rows: FoldedRows): FoldedRows | null {
    if (this.rowCount === 0 && rows.rowCount >= ROWS_A_BATCH) return rows;
    this.rowCount += rows.rowCount;
    this.parts.push({
      rowCount: rows.rowCount,
      columns: rows.columns.map((column) => column.slice()),
      rangeOffsets: rows.rangeOffsets.slice(),
      rangeStarts: rows.rangeStarts.slice(),
      rangeEnds: rows.rangeEnds.slice(),
    });
    return this.rowCount < ROWS_A_BATCH ? null : this.flush();
  }

  /** The rows that are left; null for none. */
  flush(): FoldedRows | null {
    const { parts, rowCount } = this;
    this.parts = [];
    this.rowCount = 0;
    return rowCount === 0 ? null : unite(parts, rowCount);
  }
}

function unite(parts: readonly FoldedRows[], rowCount: number): FoldedRows {
  const rangeOffsets = new Int32Array(rowCount + 1);
  let [row, range] = [0, 0];
  for (const part of parts) {
    for (let i = 1; i <= part.rowCount; i++) rangeOffsets[row + i] = range + part.rangeOffsets[i]!;
    row += part.rowCount;
    range += part.rangeStarts.length;
  }
  return {
    rowCount,
    columns: parts[0]!.columns.map((_, column) => join(parts.map(({ columns }) => columns[column]!))),
    rangeOffsets,
    rangeStarts: join(parts.map(({ rangeStarts }) => rangeStarts)),
    rangeEnds: join(parts.map(({ rangeEnds }) => rangeEnds)),
  };
}

/** One array of some of the same type. */
function join<Values extends Column | Float64Array>(arrays: readonly Values[]): Values {
  const length = arrays.reduce((sum, array) => sum + array.length, 0);
  const joined = new (arrays[0]!.constructor as new (length: number) => Values)(length);
  let at = 0;
  for (const array of arrays) {
    joined.set(array as never, at);
    at += array.length;
  }
  return joined;
}
