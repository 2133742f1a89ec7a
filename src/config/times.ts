/** What parseTimeUs reads, in words. */
export const TIME = 'a date or time such as 2026-01-31 or 2026-01-31T12:00:00Z';

/** Microseconds since 1970-01-01 UTC of an ISO-8601 text, without a zone UTC; null where it is none. */
export function parseTimeUs(time: string): bigint | null {
  const text = time.trim();
  const hasZone = /([zZ]|[+-]\d{2}:?\d{2})$/.test(text);
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isTime = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?([zZ]|[+-]\d{2}:?\d{2})?$/.test(text);
  const ms = isDate || isTime ? Date.parse(isDate || hasZone ? text : `${text}Z`) : Number.NaN;
  return Number.isNaN(ms) ? null : BigInt(ms) * 1000n;
}
