import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { largestBin } from '../../src/fold/piece-reader.ts';
import { type BinOffsets, countShares, type FoldedRows, FoldKernel } from '../../src/kernel/fold-kernel.ts';
import { compileKernel, Kernel } from '../../src/kernel/kernel.ts';
import {
  CHUNK_ROWS,
  EVENT_BYTES,
  EVENT_FROM_BYTES,
  FRAGMENT_BYTES,
  NARROW_EVENT_BYTES,
} from '../../src/kernel/layout.ts';
import type { EventScale } from '../../src/kernel/narrow-events.ts';
import type { RecordName } from '../../src/kernel/records.ts';
import type { FoldThresholds, PairRow, ReferenceEvent } from '../../src/kernel/reference.ts';
import { ScanKernel } from '../../src/kernel/scan-kernel.ts';
import type { VideoArrays } from '../../src/kernel/video-buckets.ts';

/** The kernel of the build: release, or debug with its checks. */
export const kernels = {
  release: compileKernel(fileURLToPath(new URL('../../dist/kernel.wasm', import.meta.url))),
  debug: compileKernel(fileURLToPath(new URL('../../dist/kernel.debug.wasm', import.meta.url))),
};

/** How the work is cut up: nothing of it may change the result. */
export interface Cut {
  readonly chunkRows: number;
  readonly roundRows: number;
  readonly partitionBits: number;
  readonly binsPerPartition: number;
  readonly shareCount: number;
  /** What to record, and who looks at it after each fold. */
  readonly records?: readonly RecordName[];
  readonly videos?: VideoArrays;
  readonly onFold?: (fold: FoldKernel) => void;
}

export const oneCut: Cut = {
  chunkRows: CHUNK_ROWS,
  roundRows: 8192,
  partitionBits: 2,
  binsPerPartition: 4,
  shareCount: 1,
};

const hashes = new Map<string, bigint>();

export function hashText(text: string): bigint {
  let hash = hashes.get(text);
  if (hash === undefined) {
    hash = createHash('sha256').update(text).digest().readBigUInt64LE();
    hashes.set(text, hash);
  }
  return hash;
}

/** The six event classes by the hash of their own number. */
const classOfName = [0, 1, 2, 3, 4, 5].map((eventClass) => ({
  hash: hashText(`class ${eventClass}`),
  eventClass,
}));

export function toThresholds(thresholds: FoldThresholds, horizonUs = 0n): BigInt64Array {
  return BigInt64Array.of(
    thresholds.maxSegmentUs,
    BigInt(Math.round(thresholds.maxPlaybackRate * 1000)),
    thresholds.toleranceUs,
    thresholds.forwardSkipUs,
    thresholds.backwardSkipUs,
    thresholds.sessionTimeoutUs,
    horizonUs,
  );
}

function binBitsOf({ partitionBits, binsPerPartition }: Cut): number {
  return partitionBits + Math.log2(binsPerPartition);
}

export function openScan(module: WebAssembly.Module, withFrom: boolean, cut: Cut): ScanKernel {
  const size = {
    roundRows: cut.roundRows,
    binBits: binBitsOf(cut),
    eventStride: withFrom ? EVENT_FROM_BYTES : EVENT_BYTES,
    seenUserLines: 16,
    seenVideoLines: 16,
  };
  return new ScanKernel(new Kernel(module), size, { nullHash: 1n, emptyHash: 2n, classOfName });
}

/** Writes events into the kernel's input columns and pushes them. */
export function pushEvents(scan: ScanKernel, events: readonly ReferenceEvent[]): boolean {
  const column = (index: number) => {
    const bytes = scan.columns[index]!;
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const [user, , video, session, name, timestamp, position, from] = scan.columns.map((_, i) => column(i));
  const fromValid = scan.validity[7]!.fill(0);
  for (const [row, event] of events.entries()) {
    user!.setBigUint64(row * 8, hashText(event.userId), true);
    video!.setBigUint64(row * 8, hashText(event.videoId), true);
    session!.setBigUint64(row * 8, hashText(event.sessionId), true);
    name!.setBigUint64(row * 8, classOfName[event.eventClass]!.hash, true);
    timestamp!.setBigInt64(row * 8, event.timestampUs, true);
    position!.setFloat64(row * 8, Number(event.positionUs) / 1e6, true);
    from!.setFloat64(row * 8, Number(event.fromUs ?? 0n) / 1e6, true);
    if (event.fromUs !== null) fromValid[row >> 3]! |= 1 << (row & 7);
  }
  return scan.push(events.length);
}

/** The pieces of one partition. */
export interface Partition {
  readonly fragments: Uint8Array[];
  readonly events: Uint8Array[];
  readonly offsets: BinOffsets[];
  /** Of the pieces whose events are narrow. */
  readonly scales: (EventScale | null)[];
}

/** Runs events through the scan: fragments and events of each partition, a piece a round. */
export function scanToPartitions(
  module: WebAssembly.Module,
  events: readonly ReferenceEvent[],
  withFrom: boolean,
  cut: Cut,
): Partition[] {
  const partitions: Partition[] = Array.from({ length: 2 ** cut.partitionBits }, () => ({
    fragments: [],
    events: [],
    offsets: [],
    scales: [],
  }));
  const scan = openScan(module, withFrom, cut);
  scan.begin();
  const flush = (): void => {
    const round = scan.flushNarrow();
    for (const [p, partition] of partitions.entries()) {
      const [first, end] = [p * cut.binsPerPartition, (p + 1) * cut.binsPerPartition];
      const [f0, f1] = [round.fragmentOffsets[first]!, round.fragmentOffsets[end]!];
      const [e0, e1] = [round.eventOffsets[first]!, round.eventOffsets[end]!];
      if (f1 === f0) continue;
      partition.fragments.push(round.fragments.slice(f0 * FRAGMENT_BYTES, f1 * FRAGMENT_BYTES));
      partition.events.push(round.events.slice(e0 * round.eventStride, e1 * round.eventStride));
      partition.offsets.push({
        fragments: round.fragmentOffsets.slice(first, end + 1),
        events: round.eventOffsets.slice(first, end + 1),
      });
      partition.scales.push(round.scale);
    }
  };
  for (let at = 0; at < events.length; at += cut.chunkRows) {
    const chunk = events.slice(at, at + cut.chunkRows);
    if (pushEvents(scan, chunk)) continue;
    flush();
    pushEvents(scan, chunk);
  }
  flush();
  return partitions;
}

/** Runs events through scan and fold as a run would, without DuckDB. Rows in the order of (userId, videoId). */
export function foldWithKernel(
  module: WebAssembly.Module,
  events: readonly ReferenceEvent[],
  thresholds: FoldThresholds,
  cut: Cut = oneCut,
): PairRow[] {
  const withFrom = events.some((event) => event.fromUs !== null);
  const partitions = scanToPartitions(module, events, withFrom, cut);
  const texts = new Map(
    events.flatMap(({ userId, videoId }) => [userId, videoId]).map((text) => [hashText(text), text]),
  );
  return partitions
    .flatMap((partition) => foldPartition(module, partition, thresholds, withFrom, cut))
    .map((row) => ({
      ...row,
      userId: texts.get(BigInt(row.userId))!,
      videoId: texts.get(BigInt(row.videoId))!,
    }))
    .sort((a, b) => (a.userId < b.userId || (a.userId === b.userId && a.videoId < b.videoId) ? -1 : 1));
}

function foldPartition(
  module: WebAssembly.Module,
  { fragments, events, offsets, scales }: Partition,
  thresholds: FoldThresholds,
  withFrom: boolean,
  cut: Cut,
): PairRow[] {
  const { shareCount, binsPerPartition, records = [], videos = null, onFold } = cut;
  const kernel = new Kernel(module);
  const eventStride = withFrom ? EVENT_FROM_BYTES : EVENT_BYTES;
  const counts = fragments.map((bytes, i) => ({
    fragmentCount: bytes.byteLength / FRAGMENT_BYTES,
    eventCount: events[i]!.byteLength / (scales[i] === null ? eventStride : NARROW_EVENT_BYTES),
  }));
  const total = {
    fragmentCount: counts.reduce((sum, count) => sum + count.fragmentCount, 0),
    eventCount: counts.reduce((sum, count) => sum + count.eventCount, 0),
  };
  const settings = { binBits: binBitsOf(cut), eventStride, withRanges: true, records, videos };
  const whole = {
    ...settings,
    ...total,
    pieceCount: fragments.length,
    binCount: binsPerPartition,
    largestBin: largestBin(offsets),
  };
  const shares = countShares(kernel, fragments, shareCount);
  const rows: PairRow[] = [];
  for (let share = 0; share < shareCount; share++) {
    const fold = new FoldKernel(kernel, toThresholds(thresholds));
    // Beside what is kept of a share there must be room for a whole piece: for all of them, to be simple.
    const twice = { fragmentCount: total.fragmentCount * 2, eventCount: total.eventCount * 2 };
    const shared = { pieceCount: 1, binCount: 1, binBits: cut.partitionBits, largestBin: total };
    fold.begin(shareCount === 1 ? whole : { ...settings, ...twice, ...shared });
    for (const [i, count] of counts.entries()) {
      const scale = scales[i]!;
      const views = scale === null ? fold.next(count) : fold.nextNarrow(count);
      views.fragments.set(fragments[i]!);
      views.events.set(events[i]!);
      if (scale !== null) fold.widen(count, scale);
      if (shareCount === 1) fold.keep(count, offsets[i]!);
      else fold.keepInOne(fold.selectShare(count, share, shareCount));
    }
    const folded = fold.fold();
    onFold?.(fold);
    const expected = shares[share]!;
    const sum = (folded.columns[15] as Int32Array).reduce((a, b) => a + b, 0);
    const duplicates = (folded.columns[16] as Int32Array).reduce((a, b) => a + b, 0);
    if (sum + duplicates !== expected.eventCount) throw new Error('countShares and selectShare disagree');
    rows.push(...toPairRows(folded));
  }
  return rows;
}

/** The rows as the reference gives them, with hashes in place of ids. */
export function toPairRows({
  rowCount,
  columns,
  rangeOffsets,
  rangeStarts,
  rangeEnds,
}: FoldedRows): PairRow[] {
  const toUs = (seconds: number): bigint => BigInt(Math.round(seconds * 1e6));
  return Array.from({ length: rowCount }, (_, row) => {
    const wide = (column: number): bigint => BigInt(columns[column]![row]!);
    const count = (column: number): number => Number(columns[column]![row]!);
    return {
      userId: String(wide(0)),
      videoId: String(wide(1)),
      watchUs: wide(2),
      uniqueUs: wide(3),
      maxPositionUs: wide(4),
      maxCreditedEndUs: wide(5),
      sessionDurationUs: wide(6),
      firstTimestampUs: wide(7),
      lastTimestampUs: wide(8),
      sessionCount: count(9),
      pauseCount: count(10),
      forwardSkipCount: count(11),
      backwardSkipCount: count(12),
      replayCount: count(13),
      completionCount: count(14),
      eventCount: count(15),
      duplicateCount: count(16),
      segmentCount: count(17),
      rejectedCount: count(18),
      unclosedCount: count(19),
      ranges: Array.from(
        { length: rangeOffsets[row + 1]! - rangeOffsets[row]! },
        (_, i): [bigint, bigint] => [
          toUs(rangeStarts[rangeOffsets[row]! + i]!),
          toUs(rangeEnds[rangeOffsets[row]! + i]!),
        ],
      ),
    };
  });
}
