import {
  Field,
  FixedSizeBinary,
  Float64,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  RecordBatchReader,
  Schema,
  Struct,
  type TypeMap,
  Uint64,
} from 'apache-arrow';
import type { FoldedRows } from '../kernel/fold-kernel.ts';
import { FRAGMENT_BYTES, ROW_COLUMNS, ROW_WIDE_COLUMNS } from '../kernel/layout.ts';
import { isHash, RECORDS, type RecordName, type RecordRows } from '../kernel/records.ts';
import type { Round } from '../kernel/scan-kernel.ts';

/**
 * The Arrow schemas of what passes between stages.
 *
 * Scan to fold, one row a partition:  fragments: List<FixedSizeBinary(32)>, events: List<FixedSizeBinary(16|24)>
 * Fold to merge, one row a record: integers, as src/kernel/records.ts names them; and
 * Fold to merge, one row a user x video pair: ROW_COLUMNS integers, ranges: List<Struct<start, end: Float64>>
 */
const notNull = false;

/** The integer columns of a folded row, in the order of the kernel's ROW_ constants. */
export const FOLDED_COLUMNS = [
  'userHash',
  'videoHash',
  'watchUs',
  'uniqueUs',
  'maxPositionUs',
  'maxCreditedEndUs',
  'sessionDurationUs',
  'firstTimestampUs',
  'lastTimestampUs',
  'sessionCount',
  'pauseCount',
  'forwardSkipCount',
  'backwardSkipCount',
  'replayCount',
  'completionCount',
  'eventCount',
  'duplicateCount',
  'segmentCount',
  'rejectedCount',
  'unclosedCount',
] as const;

const RANGE = new Struct([
  new Field('start', new Float64(), notNull),
  new Field('end', new Float64(), notNull),
]);

function columnType(column: number): Uint64 | Int64 | Int32 {
  if (column < 2) return new Uint64();
  return column < ROW_WIDE_COLUMNS ? new Int64() : new Int32();
}

const foldedSchema = new Schema([
  ...FOLDED_COLUMNS.map((name, column) => new Field(name, columnType(column), notNull)),
  new Field('ranges', new List(new Field('item', RANGE, notNull)), notNull),
]);

function binaryList(offsets: Int32Array, values: Uint8Array, byteWidth: number) {
  const item = new FixedSizeBinary(byteWidth);
  const child = makeData({ type: item, length: values.byteLength / byteWidth, nullCount: 0, data: values });
  const type = new List(new Field('item', item, notNull));
  return makeData({ type, length: offsets.length - 1, nullCount: 0, valueOffsets: offsets, child });
}

/** Frames one round of the scan as Arrow. The batch is made of views: it ends with the memory they show. */
export function roundToBatch(round: Round): RecordBatch<TypeMap> {
  const fragments = binaryList(round.fragmentOffsets, round.fragments, FRAGMENT_BYTES);
  const events = binaryList(round.eventOffsets, round.events, round.eventStride);
  const schema = new Schema([
    new Field('fragments', fragments.type, notNull),
    new Field('events', events.type, notNull),
  ]);
  const length = round.fragmentOffsets.length - 1;
  const data = makeData({
    type: new Struct(schema.fields),
    length,
    nullCount: 0,
    children: [fragments, events],
  });
  return new RecordBatch<TypeMap>(schema as Schema<TypeMap>, data as never);
}

/** Frames folded rows as Arrow. The batch is made of views: it ends with the memory they show. */
export function foldedToBatch(rows: FoldedRows): RecordBatch<TypeMap> {
  const rangeCount = rows.rangeStarts.length;
  const numbers = rows.columns.map((values, column) =>
    makeData({ type: columnType(column), length: rows.rowCount, nullCount: 0, data: values } as never),
  );
  const [start, end] = [rows.rangeStarts, rows.rangeEnds].map((values) =>
    makeData({ type: new Float64(), length: rangeCount, nullCount: 0, data: values }),
  );
  const child = makeData({ type: RANGE, length: rangeCount, nullCount: 0, children: [start, end] as never });
  const ranges = makeData({
    type: new List(new Field('item', RANGE, notNull)),
    length: rows.rowCount,
    nullCount: 0,
    valueOffsets: rows.rangeOffsets,
    child,
  });
  const children = [...numbers, ranges];
  const data = makeData({
    type: new Struct(foldedSchema.fields),
    length: rows.rowCount,
    nullCount: 0,
    children: children as never,
  });
  return new RecordBatch<TypeMap>(foldedSchema as unknown as Schema<TypeMap>, data as never);
}

/** Reads the folded rows of an Arrow IPC stream or file: views into `bytes`, one FoldedRows a record batch. */
export function* readFoldedRows(bytes: Uint8Array): Generator<FoldedRows> {
  for (const batch of RecordBatchReader.from(bytes)) {
    const children = batch.data.children;
    const ranges = children[ROW_COLUMNS]!;
    const [starts, ends] = ranges.children[0]!.children;
    const rangeOffsets = ranges.valueOffsets as Int32Array;
    const rangeCount = rangeOffsets[batch.numRows] ?? 0;
    yield {
      rowCount: batch.numRows,
      columns: children.slice(0, ROW_COLUMNS).map((child) => child.values),
      rangeOffsets,
      rangeStarts: starts!.values.subarray(0, rangeCount),
      rangeEnds: ends!.values.subarray(0, rangeCount),
    };
  }
}

/** Frames records as Arrow. The batch is made of views: it ends with the memory they show. */
export function recordsToBatch(name: RecordName, { rowCount, columns }: RecordRows): RecordBatch<TypeMap> {
  const { columns: names, wideColumns } = RECORDS[name];
  const fields = names.map((column, i) => {
    const type = isHash(column) ? new Uint64() : i < wideColumns ? new Int64() : new Int32();
    return new Field(column, type, notNull);
  });
  const children = columns.map((values, i) =>
    makeData({ type: fields[i]!.type, length: rowCount, nullCount: 0, data: values } as never),
  );
  const data = makeData({
    type: new Struct(fields),
    length: rowCount,
    nullCount: 0,
    children: children as never,
  });
  return new RecordBatch<TypeMap>(new Schema(fields) as unknown as Schema<TypeMap>, data as never);
}

/** Reads the records of an Arrow IPC stream or file: views into `bytes`, one RecordRows a record batch. */
export function* readRecords(bytes: Uint8Array): Generator<RecordRows> {
  for (const batch of RecordBatchReader.from(bytes))
    yield { rowCount: batch.numRows, columns: batch.data.children.map((child) => child.values) };
}
