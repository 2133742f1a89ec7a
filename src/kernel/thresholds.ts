import type { Config } from '../config/schema.ts';

const toUs = (seconds: number): bigint => BigInt(Math.round(seconds * 1e6));

/**
 * The thresholds of SPEC.md section 3 as the kernel takes them, in the order of its THRESHOLD_ constants, and the
 * horizon of a fold that carries visits over to the next.
 */
export function kernelThresholds(config: Config, horizonUs = 0n): BigInt64Array {
  return BigInt64Array.of(
    toUs(config.maxSegmentSeconds),
    BigInt(Math.round(config.maxPlaybackRate * 1000)),
    toUs(config.toleranceSeconds),
    toUs(config.forwardSkipSeconds),
    toUs(config.backwardSkipSeconds),
    toUs(config.sessionTimeoutSeconds),
    horizonUs,
  );
}
