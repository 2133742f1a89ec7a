/** A time window: rows with since <= timestamp < until and rows without a timestamp. Microseconds. */
export interface TimeWindow {
  readonly sinceUs: bigint | null;
  readonly untilUs: bigint | null;
}

/** SQL for the rows of a window, or null for all; `timestampUs` is SQL for microseconds. */
export function windowCondition(timestampUs: string, { sinceUs, untilUs }: TimeWindow): string | null {
  const bounds: string[] = [];
  if (sinceUs !== null) bounds.push(`${timestampUs} >= ${sinceUs}`);
  if (untilUs !== null) bounds.push(`${timestampUs} < ${untilUs}`);
  return bounds.length === 0 ? null : `((${bounds.join(' AND ')}) OR ${timestampUs} IS NULL)`;
}
