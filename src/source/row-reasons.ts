import { INVALID_REASONS } from '../kernel/scan-kernel.ts';

/** Nothing of the row could be read: it comes before the reasons that the kernel tests. */
export const MALFORMED = 'malformed_row';

/** Every reason for which a row is invalid, in the order of SPEC.md section 1. */
export const ROW_REASONS = [MALFORMED, ...INVALID_REASONS] as const;
