/** SQL for a sum of hashes modulo 2^64, as text. */
export const hashSumSql = (hash: string): string =>
  `(coalesce(sum(${hash}), 0) % 18446744073709551616)::VARCHAR`;

/** The sum of two sums of hashes, modulo 2^64; `sign` -1 for their difference. */
export function addHashes(a: string, b: string, sign = 1n): string {
  return String(BigInt.asUintN(64, BigInt(a) + sign * BigInt(b)));
}

/** A sum of hashes as it stands in the summary: 16 hexadecimal digits. */
export const toHex = (sum: string): string => BigInt(sum).toString(16).padStart(16, '0');
