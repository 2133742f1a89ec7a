import type { ScanTotals } from '../source/scan.ts';
import type { State } from './state.ts';
import type { ResolvedUpdateOptions } from './update-options.ts';

/** What stands before every event, where none is closed yet. */
const NO_HORIZON_US = -(2n ** 60n);

/**
 * Where the horizon and the latest event are after these scans, and the earliest of their own. An event from the future
 * moves neither.
 */
export function advance(
  { latenessUs }: ResolvedUpdateOptions,
  state: State | null,
  scans: readonly ScanTotals[],
): { earliestUs: bigint | null; watermarkUs: bigint | null; horizonUs: bigint } {
  const nowUs = BigInt(Date.now()) * 1000n;
  let watermarkUs = state?.watermarkUs ?? null;
  let earliest: bigint | null = null;
  for (const { earliestUs, latestUs } of scans) {
    if (earliestUs === null || latestUs === null) continue;
    if (earliest === null || earliestUs < earliest) earliest = earliestUs;
    const atUs = latestUs < nowUs ? latestUs : nowUs;
    if (watermarkUs === null || atUs > watermarkUs) watermarkUs = atUs;
  }
  const before = state?.horizonUs ?? NO_HORIZON_US;
  const after = watermarkUs === null ? NO_HORIZON_US : watermarkUs - latenessUs;
  return { earliestUs: earliest, watermarkUs, horizonUs: after > before ? after : before };
}
