/** A time window: rows with since <= timestamp < until and rows without a timestamp. Microseconds. */
export interface TimeWindow {
  readonly sinceUs: bigint | null;
  readonly untilUs: bigint | null;
  /** False leaves out rows without a timestamp, which another window has read. */
  readonly undated?: boolean;
}

/** SQL for the rows of a window, or null for all; `timestampUs` is SQL for microseconds. */
export function windowCondition(
  timestampUs: string,
  { sinceUs, untilUs, undated }: TimeWindow,
): string | null {
  const bounds: string[] = [];
  if (sinceUs !== null) bounds.push(`${timestampUs} >= ${sinceUs}`);
  if (untilUs !== null) bounds.push(`${timestampUs} < ${untilUs}`);
  if (undated === false) return [...bounds, `${timestampUs} IS NOT NULL`].join(' AND ');
  return bounds.length === 0 ? null : `((${bounds.join(' AND ')}) OR ${timestampUs} IS NULL)`;
}
