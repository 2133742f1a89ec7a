import { isUtf8 } from 'node:buffer';
import type { CsvDialect } from './csv-dialect.ts';

/** Takes the records of a file in their order. `bytes` are a view, without the line's end. */
export interface RecordTaker {
  /** A record that has a value for every column. */
  keep(bytes: Buffer): void;
  /** A line that is none. */
  refuse(bytes: Buffer): void;
}

/** The longest record, in bytes: DuckDB takes lines of 2 MiB. A longer one is refused, and only so much of it shown. */
export const MAX_RECORD_BYTES = 2_000_000;

const LF = 10;
const CR = 13;
const SPACE = 32;

const GOOD = 0;
const BAD = 1;
/** The record may go on in the next chunk. */
const OPEN = 2;
type Verdict = typeof GOOD | typeof BAD | typeof OPEN;

/**
 * Divides CSV (RFC 4180, any delimiter, quote and escape of one byte) into records. A record that is broken, by a
 * quote that does not end, values too few or too many, or bytes that are not UTF-8, costs its first line only:
 * reading goes on behind that line, so that it never swallows its neighbours. A quoted value may hold line ends.
 */
export class CsvRecords {
  private readonly delimiter: number;
  private readonly quote: number;
  private readonly escape: number;
  private readonly columnCount: number;
  private readonly taker: RecordTaker;
  private linesToSkip: number;
  private hasHeader = false;
  private rest: Buffer = Buffer.alloc(0);
  /** Inside a line that was refused for its length: the bytes up to its end are passed over. */
  private isInLongLine = false;
  /** Where `judge` found the record's end, and the next one's start. */
  private end = 0;
  private next = 0;

  constructor({ delimiter, quote, escapeChar, skipLines, columns }: CsvDialect, taker: RecordTaker) {
    this.delimiter = delimiter.charCodeAt(0);
    this.quote = quote.charCodeAt(0);
    this.escape = escapeChar.charCodeAt(0);
    this.columnCount = columns.length;
    this.linesToSkip = skipLines;
    this.taker = taker;
  }

  /** Takes the next bytes of the file; `isLast` with what there is at its end. */
  push(chunk: Buffer, isLast: boolean): void {
    const data = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    // One fast look at all whole lines; each record is looked at only where something is wrong.
    const areUtf8 = isUtf8(isLast ? data : data.subarray(0, data.lastIndexOf(LF) + 1));
    let at = this.isInLongLine ? this.passLongLine(data) : 0;
    while (at < data.length) {
      if (this.linesToSkip > 0 || !this.hasHeader) {
        const after = this.passHead(data, at, isLast);
        if (after === null) break;
        at = after;
        continue;
      }
      const verdict = this.judge(data, at, isLast);
      const mayWait = data.length - at <= MAX_RECORD_BYTES;
      if (mayWait && verdict === OPEN) break;
      if (verdict === GOOD && this.end === at) at = this.next;
      else if (
        verdict === GOOD &&
        this.end - at <= MAX_RECORD_BYTES &&
        (areUtf8 || isUtf8(data.subarray(at, this.end)))
      ) {
        this.taker.keep(data.subarray(at, this.end));
        at = this.next;
      } else if (this.findLineEnd(data, at, isLast) || !mayWait) at = this.refuseLine(data, at, isLast);
      else break;
    }
    this.rest = Buffer.from(data.subarray(at));
  }

  /** Skips the lines above the header, and the header itself. Null where they go on in the next chunk. */
  private passHead(data: Buffer, at: number, isLast: boolean): number | null {
    if (this.linesToSkip === 0 && this.judge(data, at, isLast) === GOOD) {
      this.hasHeader = true;
      return this.next;
    }
    if (!this.findLineEnd(data, at, isLast)) return null;
    if (this.linesToSkip > 0) this.linesToSkip--;
    else this.hasHeader = true;
    return this.next;
  }

  private refuseLine(data: Buffer, at: number, isLast: boolean): number {
    if (this.findLineEnd(data, at, isLast)) {
      this.taker.refuse(data.subarray(at, Math.min(this.end, at + MAX_RECORD_BYTES)));
      return this.next;
    }
    this.taker.refuse(data.subarray(at, at + MAX_RECORD_BYTES));
    this.isInLongLine = true;
    return data.length;
  }

  private passLongLine(data: Buffer): number {
    if (!this.findLineEnd(data, 0, false)) return data.length;
    this.isInLongLine = false;
    return this.next;
  }

  /** Sets `end` and `next` for the line at `at`; false where its end is not in `data`. */
  private findLineEnd(data: Buffer, at: number, isLast: boolean): boolean {
    for (let i = at; i < data.length; i++)
      if (data[i] === LF || data[i] === CR) return this.endRecord(data, i, isLast);
    this.end = data.length;
    this.next = data.length;
    return isLast;
  }

  /** Sets `end` and `next`; false where an LF may follow the CR in the next chunk. */
  private endRecord(data: Buffer, at: number, isLast: boolean): boolean {
    this.end = at;
    this.next = at + (data[at] === CR && data[at + 1] === LF ? 2 : 1);
    return data[at] !== CR || at + 1 < data.length || isLast;
  }

  private judge(data: Buffer, start: number, isLast: boolean): Verdict {
    let columns = 1;
    let at = start;
    for (let field = at; ; field = at) {
      // To DuckDB, one space before a quote does not count.
      if (data[at] === SPACE && data[at + 1] === this.quote) at++;
      if (data[at] === this.quote) {
        at = this.endOfQuoted(data, at + 1);
        if (at >= data.length && !isLast) return OPEN;
        if (at > data.length || !(at === data.length || this.endsValue(data[at]!))) return BAD;
      } else {
        while (at < data.length && !this.endsValue(data[at]!)) at++;
        if (at >= data.length && !isLast) return OPEN;
      }
      if (data[at] === this.delimiter) {
        columns++;
        at++;
        continue;
      }
      if (at >= data.length) {
        this.end = data.length;
        this.next = data.length;
      } else if (!this.endRecord(data, at, isLast)) return OPEN;
      // A delimiter behind the last value is common, and DuckDB takes it too.
      const extra = columns === this.columnCount + 1 && field === at ? 1 : 0;
      return columns - extra === this.columnCount || at === start ? GOOD : BAD;
    }
  }

  private endsValue(byte: number): boolean {
    return byte === this.delimiter || byte === LF || byte === CR;
  }

  /** The place behind the closing quote, or one beyond the data where there is none. */
  private endOfQuoted(data: Buffer, start: number): number {
    let at = start;
    while (at < data.length) {
      if (data[at] === this.escape && this.escape !== this.quote) at += 2;
      else if (data[at] !== this.quote) at++;
      else if (this.escape === this.quote && data[at + 1] === this.quote) at += 2;
      else return at + 1;
    }
    return data.length + 1;
  }
}

/** The values of one record, as text. */
export function splitRecord(
  record: string,
  { delimiter, quote, escapeChar }: Omit<CsvDialect, 'columns' | 'skipLines'>,
): string[] {
  const values: string[] = [];
  let value = '';
  let isQuoted = false;
  for (let i = 0; i < record.length; i++) {
    const character = record[i]!;
    if (isQuoted && character === escapeChar && (escapeChar !== quote || record[i + 1] === quote))
      value += record[++i] ?? '';
    else if (character === quote && (isQuoted || value === '' || value === ' ')) {
      if (!isQuoted) value = '';
      isQuoted = !isQuoted;
    } else if (character === delimiter && !isQuoted) {
      values.push(value);
      value = '';
    } else value += character;
  }
  return [...values, value];
}
