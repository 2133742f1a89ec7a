import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, writeSync } from 'node:fs';
import { MALFORMED } from './row-reasons.ts';

/** Writes lines that could not be read as NDJSON: file, row, reason and text, and the bytes where they are no text. */
export class RefusedLines {
  private readonly path: string;
  private readonly file: string;
  private fd: number | null = null;

  /** `path` is made with the first line. */
  constructor(path: string, file: string) {
    this.path = path;
    this.file = file;
  }

  /** `row` counts from 1. */
  write(row: number, bytes: Buffer): void {
    this.fd ??= openSync(this.path, 'w');
    const line = { file: this.file, row, reason: MALFORMED, text: bytes.toString('utf8') };
    const exact = isUtf8(bytes) ? line : { ...line, base64: bytes.toString('base64') };
    writeSync(this.fd, `${JSON.stringify(exact)}\n`);
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }
}
