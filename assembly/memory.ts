/** Reads slot `slot` of a plan: a pointer or a count, as layout.ts says. */
export function slotOf(plan: usize, slot: usize): usize {
  return <usize>load<u32>(plan + (slot << 2));
}

/** Spreads a hash over all bits (the finalizer of SplitMix64: Steele, Lea and Flood, OOPSLA 2014). */
export function mix(hash: u64): u64 {
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}
