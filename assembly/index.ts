/**
 * The kernel's ABI: the functions a host may call, and two constants. Every function takes pointers to plans
 * (see src/kernel/layout.ts) and counts, and returns a count or a negative status. Nothing is imported,
 * nothing is allocated: the host lays out memory from HEAP_BASE on.
 */
import { ABI_VERSION } from '../src/kernel/layout';

export const abiVersion: i32 = ABI_VERSION;
export const HEAP_BASE: usize = __heap_base;

export { foldPartition } from './fold';
export { countShares, selectFragments, splitFragments } from './group';
export { narrowEvents, widenEvents } from './narrow';
export { scanFlush } from './partition';
export { scanPush } from './scan';
