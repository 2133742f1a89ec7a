import { INVALID_REASONS } from './kernel/scan-kernel.ts';
import { MALFORMED, ROW_REASONS } from './source/row-reasons.ts';
import type { ScanTotals } from './source/scan.ts';

/** What the scans counted, all slices together. */
export interface ScanAccount {
  readonly read: number;
  readonly kept: number;
  readonly invalid: number;
  readonly invalidByReason: Record<string, number>;
  /** Rows of each unknown event name, by the hash of the name. */
  readonly unknownNames: ReadonlyMap<bigint, number>;
}

/** Adds up the scans. */
export function accountForRows(scans: readonly ScanTotals[]): ScanAccount {
  const invalidByReason: Record<string, number> = Object.fromEntries(
    ROW_REASONS.map((reason) => [reason, 0]),
  );
  const unknownNames = new Map<bigint, number>();
  let read = 0;
  for (const { counts } of scans) {
    read += counts.rowsRead;
    invalidByReason[MALFORMED] = (invalidByReason[MALFORMED] ?? 0) + counts.malformed;
    for (const [i, reason] of INVALID_REASONS.entries())
      invalidByReason[reason] = (invalidByReason[reason] ?? 0) + (counts.invalid[i] ?? 0);
    for (const { hash, rowCount } of counts.unknownNames)
      unknownNames.set(hash, (unknownNames.get(hash) ?? 0) + rowCount);
  }
  const invalid = Object.values(invalidByReason).reduce((sum, count) => sum + count, 0);
  return { read, kept: read - invalid, invalid, invalidByReason, unknownNames };
}
