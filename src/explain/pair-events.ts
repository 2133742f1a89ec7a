import type { Config } from '../config/schema.ts';
import { FoldKernel } from '../kernel/fold-kernel.ts';
import { compileKernel, Kernel } from '../kernel/kernel.ts';
import { EVENT_FROM_BYTES, FRAGMENT_BYTES } from '../kernel/layout.ts';
import { RECORDS, type RecordName } from '../kernel/records.ts';
import { INVALID_REASONS, type InvalidReason, type NameHashes, ScanKernel } from '../kernel/scan-kernel.ts';
import { kernelThresholds } from '../kernel/thresholds.ts';
import type { InputRow } from './pair-rows.ts';

/** A record of the kernel by the names of its columns. */
export type KernelRecord = Readonly<Record<string, bigint>>;

/** What the kernel made of the rows of one pair. */
export interface PairTrace {
  /** In the order of their sessions' hashes, then of time; `row` is the input row of the event. */
  readonly steps: readonly { readonly step: KernelRecord; readonly row: InputRow }[];
  readonly dropped: readonly { readonly row: InputRow; readonly reason: InvalidReason }[];
  readonly visits: readonly KernelRecord[];
  readonly plays: readonly KernelRecord[];
}

const RECORDED: readonly RecordName[] = ['steps', 'visits', 'plays'];

/**
 * Folds rows of one pair with the kernel of a run, and has it record what each event did. `names` are hashes of 64
 * bits.
 */
export function tracePair(rows: readonly InputRow[], config: Config, names: NameHashes): PairTrace {
  const module = compileKernel();
  const judged = judgeRows(new ScanKernel(new Kernel(module), SCAN_SIZE, names), rows);
  const kept = judged.filter((one) => one.reason === null);
  const counts = { fragmentCount: kept.length, eventCount: kept.length };
  const fold = new FoldKernel(new Kernel(module), kernelThresholds(config));
  fold.begin({
    ...counts,
    pieceCount: 1,
    binCount: 1,
    binBits: 0,
    largestBin: counts,
    eventStride: EVENT_FROM_BYTES,
    withRanges: true,
    records: RECORDED,
  });
  const views = fold.next(counts);
  for (const [i, { fragment, event }] of kept.entries()) {
    views.fragments.set(fragment, i * FRAGMENT_BYTES);
    views.events.set(event, i * EVENT_FROM_BYTES);
  }
  const whole = Int32Array.of(0, kept.length);
  fold.keep(counts, { fragments: whole, events: whole });
  fold.fold();
  return {
    steps: matchRows(readRecords(fold, 'steps'), kept),
    dropped: judged.flatMap(({ row, reason }) => (reason === null ? [] : [{ row, reason }])),
    visits: readRecords(fold, 'visits'),
    plays: readRecords(fold, 'plays'),
  };
}

/** Room for one row at a time: what becomes of each is looked at alone. */
const SCAN_SIZE = {
  roundRows: 2048,
  binBits: 0,
  eventStride: EVENT_FROM_BYTES,
  seenUserLines: 1,
  seenVideoLines: 1,
};

interface JudgedRow {
  readonly row: InputRow;
  readonly reason: InvalidReason | null;
  readonly fragment: Uint8Array;
  readonly event: Uint8Array;
}

/** Pushes each row through the scan's kernel: to a fragment of one event, or to the reason why it is invalid. */
function judgeRows(scan: ScanKernel, rows: readonly InputRow[]): JudgedRow[] {
  return rows.map((row) => {
    scan.begin();
    fillRow(scan, row);
    scan.push(1);
    const { fragments, events } = scan.flush();
    const reason = INVALID_REASONS[scan.counts().invalid.indexOf(1)] ?? null;
    return { row, reason, fragment: fragments.slice(), event: events.slice() };
  });
}

function fillRow(scan: ScanKernel, row: InputRow): void {
  const views = scan.columns.map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const { userHash, videoHash, sessionHash, nameHash } = row;
  for (const [column, hash] of [userHash, userHash, videoHash, sessionHash, nameHash].entries())
    views[column]!.setBigUint64(0, BigInt(hash), true);
  views[5]!.setBigInt64(0, BigInt(row.timestampUs ?? 0), true);
  views[6]!.setFloat64(0, Number(row.currentTime), true);
  views[7]!.setFloat64(0, Number(row.fromTime), true);
  for (const [column, value] of [
    [5, row.timestampUs],
    [6, row.currentTime],
    [7, row.fromTime],
  ] as const)
    scan.validity[column]![0] = value === null ? 0 : 1;
}

function readRecords(fold: FoldKernel, name: RecordName): KernelRecord[] {
  const { rowCount, columns } = fold.records(name);
  return Array.from({ length: rowCount }, (_, row) =>
    Object.fromEntries(RECORDS[name].columns.map((column, i) => [column, BigInt(columns[i]![row]!)])),
  );
}

/** Gives each step an input row of its own: rows that are one event are alike. */
function matchRows(steps: readonly KernelRecord[], kept: readonly JudgedRow[]): PairTrace['steps'] {
  const rows = new Map<string, InputRow[]>();
  for (const { row, event } of kept) {
    const words = new BigInt64Array(event.buffer, event.byteOffset, 3);
    const key = [row.sessionHash, words[0], words[1], words[2]! - 1n].join();
    rows.set(key, [...(rows.get(key) ?? []), row]);
  }
  return steps.map((step) => {
    const key = [step.sessionHash, step.word, step.positionUs, step.fromUs].join();
    const row = rows.get(key)?.pop();
    if (row === undefined) throw new Error(`no input row for the event ${key}`);
    return { step, row };
  });
}
