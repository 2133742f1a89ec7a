/** SQL for whether a 64-bit hash lies in one of `count` equal ranges. */
export function isInRange(hash: string, range: number, count: number): string {
  const start = (at: number): bigint => (2n ** 64n * BigInt(at)) / BigInt(count);
  return `${hash} BETWEEN ${start(range)}::UBIGINT AND ${start(range + 1) - 1n}::UBIGINT`;
}
