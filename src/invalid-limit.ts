import { EXIT, PlayfoldError } from './errors.ts';
import type { ScanAccount } from './row-account.ts';

/** How many invalid rows a run bears: a number of rows, or a share of those read. */
export interface InvalidLimit {
  readonly rows: number;
  readonly share: number;
  /** As it was given. */
  readonly text: string;
}

/** What is accepted, in words. */
export const INVALID_LIMIT = 'a share such as 1% (at most 100%), or a whole number of rows such as 1000';

export function isInvalidLimit(limit: string | number): boolean {
  const [, number, percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(String(limit).trim()) ?? [];
  if (number === undefined) return false;
  return percent === '%' ? Number(number) <= 100 : Number.isSafeInteger(Number(number));
}

/** Reads what isInvalidLimit accepts. */
export function parseInvalidLimit(limit: string | number): InvalidLimit {
  const text = String(limit).trim();
  const value = Number.parseFloat(text);
  return text.endsWith('%')
    ? { rows: Number.POSITIVE_INFINITY, share: value / 100, text }
    : { rows: value, share: 1, text };
}

/**
 * Throws a PlayfoldError (gate) where more rows are invalid than the limit allows. `quarantine` is where they have
 * been kept, if anywhere.
 */
export function checkInvalidLimit(
  account: ScanAccount,
  limit: InvalidLimit,
  quarantine: string | null,
): void {
  const { read, invalid, invalidByReason } = account;
  if (invalid <= limit.rows && invalid <= limit.share * read) return;
  const [reason, count] = Object.entries(invalidByReason).reduce((most, one) =>
    one[1] > most[1] ? one : most,
  );
  const percent = ((100 * invalid) / read).toPrecision(3).replace(/\.?0+$/, '');
  const next =
    quarantine === null
      ? 'add --quarantine DIR to see them, or allow more with --max-invalid'
      : `see them in ${quarantine}, or allow more with --max-invalid`;
  throw new PlayfoldError(
    `${invalid} of ${read} rows (${percent} %) are invalid, more than --max-invalid ${limit.text} allows; ` +
      `the commonest reason is ${reason} (${count} rows). Nothing was published: ${next}.`,
    EXIT.gate,
  );
}
