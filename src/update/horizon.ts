import type { ScanTotals } from '../source/scan.ts';
import type { State } from './state.ts';
import type { ResolvedUpdateOptions } from './update-options.ts';

/** What stands before every event, where none is closed yet. */
const NO_HORIZON_US = -(2n ** 60n);

/** Where the horizon and the latest event are after these scans. An event from the future moves neither. */
export function advance(
  { latenessUs }: ResolvedUpdateOptions,
  state: State | null,
  scans: readonly ScanTotals[],
): { watermarkUs: bigint | null; horizonUs: bigint } {
  const nowUs = BigInt(Date.now()) * 1000n;
  let watermarkUs = state?.watermarkUs ?? null;
  for (const { latestUs } of scans) {
    if (latestUs === null) continue;
    const atUs = latestUs < nowUs ? latestUs : nowUs;
    if (watermarkUs === null || atUs > watermarkUs) watermarkUs = atUs;
  }
  const before = state?.horizonUs ?? NO_HORIZON_US;
  const after = watermarkUs === null ? NO_HORIZON_US : watermarkUs - latenessUs;
  return { watermarkUs, horizonUs: after > before ? after : before };
}
