import { describe, expect, it } from 'vitest';
import { Kernel } from '../../src/kernel/kernel.ts';
import { NAME_SLOTS, TEXT_OF_EVENT_NAME, TEXT_OF_USER, TEXT_OF_VIDEO } from '../../src/kernel/layout.ts';
import { INVALID_REASONS, ScanKernel } from '../../src/kernel/scan-kernel.ts';
import { kernels } from './kernel-fold.ts';

const NULL = 1n;
const EMPTY = 2n;
const PLAY = 77n;
const SIZE = { roundRows: 4096, binBits: 0, eventStride: 16, seenUserLines: 64, seenVideoLines: 64 };

interface Row {
  readonly user: bigint;
  readonly check: bigint;
  readonly video: bigint;
  readonly session: bigint;
  readonly name: bigint;
  readonly timestampUs: bigint | null;
  readonly seconds: number | null;
}

const good: Row = { user: 10n, check: 1n, video: 20n, session: 30n, name: PLAY, timestampUs: 0n, seconds: 1 };

function open(module: WebAssembly.Module): ScanKernel {
  const classOfName = [{ hash: PLAY, eventClass: 3 }];
  const scan = new ScanKernel(new Kernel(module), SIZE, { nullHash: NULL, emptyHash: EMPTY, classOfName });
  scan.begin();
  return scan;
}

/** Pushes rows and gives the flag of each. */
function push(scan: ScanKernel, rows: readonly Row[]): number[] {
  const columns = scan.columns.map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  for (const bitmap of scan.validity) bitmap?.fill(255);
  for (const [i, row] of rows.entries()) {
    for (const [column, hash] of [row.user, row.check, row.video, row.session, row.name].entries())
      columns[column]!.setBigUint64(i * 8, hash, true);
    columns[5]!.setBigInt64(i * 8, row.timestampUs ?? 0n, true);
    columns[6]!.setFloat64(i * 8, row.seconds ?? 0, true);
    if (row.timestampUs === null) scan.validity[5]![i >> 3]! &= ~(1 << (i & 7));
    if (row.seconds === null) scan.validity[6]![i >> 3]! &= ~(1 << (i & 7));
  }
  expect(scan.push(rows.length)).toBe(true);
  return [...scan.flags.subarray(0, rows.length)];
}

describe.each(Object.entries(kernels))('a scan by the %s kernel', (_, module) => {
  // The first reason that holds counts, so each row is bad in all that come after.
  it.each([
    [
      'missing_timestamp',
      { timestampUs: null, user: NULL, session: NULL, video: NULL, name: 5n, seconds: null },
    ],
    ['missing_timestamp', { timestampUs: 2n ** 60n }],
    ['missing_timestamp', { timestampUs: -(2n ** 60n) }],
    ['missing_user', { user: NULL, session: NULL, video: NULL, name: 5n, seconds: null }],
    ['missing_user', { user: EMPTY }],
    ['missing_session', { session: NULL, video: NULL, name: 5n, seconds: null }],
    ['missing_session', { session: EMPTY }],
    ['missing_video', { video: NULL, name: 5n, seconds: null }],
    ['missing_video', { video: EMPTY }],
    ['unknown_event', { name: 5n, seconds: null }],
    ['bad_position', { seconds: null }],
    ['bad_position', { seconds: Number.NaN }],
    ['bad_position', { seconds: Number.POSITIVE_INFINITY }],
    ['bad_position', { seconds: -1e-9 }],
    ['bad_position', { seconds: 1e7 + 1e-6 }],
  ] as const)('drops a row as %s: %o', (reason, fault) => {
    const scan = open(module);
    push(scan, [good, { ...good, ...fault }, good]);
    const { rowsRead, invalid } = scan.counts();
    expect(rowsRead).toBe(3);
    expect(invalid).toEqual(INVALID_REASONS.map((name) => (name === reason ? 1 : 0)));
    expect(scan.flush().events.byteLength).toBe(2 * 16);
  });

  it.each([
    [0, 0n],
    [-0, 0n],
    [1e7, 10_000_000_000_000n],
    [0.0000004, 0n],
    [0.0000005, 1n],
    [0.000000499999, 0n],
    [0.1, 100_000n],
    [1.0000015, 1_000_002n],
  ])('rounds %d s half away from zero', (seconds, positionUs) => {
    const scan = open(module);
    push(scan, [{ ...good, seconds }]);
    const { events } = scan.flush();
    expect(new DataView(events.buffer, events.byteOffset).getBigInt64(8, true)).toBe(positionUs);
  });

  it('asks for each text once, and again where one hash has two texts', () => {
    const scan = open(module);
    const other = { ...good, session: 31n };
    expect(push(scan, [good, good, other])).toEqual([TEXT_OF_USER | TEXT_OF_VIDEO, 0, 0]);
    expect(push(scan, [{ ...good, session: 32n, check: 2n }])).toEqual([TEXT_OF_USER]);
    expect(push(scan, [{ ...good, user: 11n }])).toEqual([TEXT_OF_USER]);
    scan.forgetSeen(SIZE);
    expect(push(scan, [{ ...good, session: 33n }])).toEqual([TEXT_OF_USER | TEXT_OF_VIDEO]);
  });

  it('reports more ids than it can remember at least once each', () => {
    const scan = open(module);
    const users = Array.from({ length: 2000 }, (__, i) => ({
      ...good,
      user: BigInt(i) * 0x9e3779b97f4a7c15n,
    }));
    const rows = users.map((row) => ({ ...row, user: BigInt.asUintN(64, row.user) + 100n }));
    for (const flag of push(scan, rows)) expect(flag & TEXT_OF_USER).toBe(TEXT_OF_USER);
  });

  it('counts unknown names by name while it has room, and always counts their rows', () => {
    const scan = open(module);
    const rows = Array.from({ length: NAME_SLOTS }, (__, i) => ({ ...good, name: BigInt(1000 + i) }));
    const flags = push(scan, rows);
    push(scan, rows.slice(0, 3));
    const { invalid, unknownNames } = scan.counts();
    expect(invalid[4]).toBe(NAME_SLOTS + 3);
    expect(unknownNames).toHaveLength(NAME_SLOTS / 2 - 1);
    expect(flags.filter((flag) => flag === TEXT_OF_EVENT_NAME)).toHaveLength(NAME_SLOTS / 2 - 1);
    expect(unknownNames.find(({ hash }) => hash === 1000n)?.rowCount).toBe(2);
  });
});
