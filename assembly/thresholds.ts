/** The thresholds of SPEC.md section 3, as the host set them for this fold. */
import {
  THRESHOLD_BACKWARD_SKIP_US,
  THRESHOLD_FORWARD_SKIP_US,
  THRESHOLD_HORIZON_US,
  THRESHOLD_MAX_SEGMENT_US,
  THRESHOLD_RATE_PER_MILLE,
  THRESHOLD_SESSION_TIMEOUT_US,
  THRESHOLD_TOLERANCE_US,
} from '../src/kernel/layout';

export let maxSegmentUs: i64 = 0;
export let ratePerMille: i64 = 0;
export let toleranceUs: i64 = 0;
export let forwardSkipUs: i64 = 0;
export let backwardSkipUs: i64 = 0;
export let sessionTimeoutUs: i64 = 0;
export let horizonUs: i64 = 0;

export function loadThresholds(values: usize): void {
  maxSegmentUs = load<i64>(values + (THRESHOLD_MAX_SEGMENT_US << 3));
  ratePerMille = load<i64>(values + (THRESHOLD_RATE_PER_MILLE << 3));
  toleranceUs = load<i64>(values + (THRESHOLD_TOLERANCE_US << 3));
  forwardSkipUs = load<i64>(values + (THRESHOLD_FORWARD_SKIP_US << 3));
  backwardSkipUs = load<i64>(values + (THRESHOLD_BACKWARD_SKIP_US << 3));
  sessionTimeoutUs = load<i64>(values + (THRESHOLD_SESSION_TIMEOUT_US << 3));
  horizonUs = load<i64>(values + (THRESHOLD_HORIZON_US << 3));
}
