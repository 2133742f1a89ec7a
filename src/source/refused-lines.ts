import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, writeSync } from 'node:fs';
import { MALFORMED } from './row-reasons.ts';

/** Takes lines that could not be read: the file's name, the row from 1, and the text, a view. */
export interface LineKeeper {
  write(file: string, row: number, bytes: Buffer): void;
}

/** Writes lines that could not be read as NDJSON: file, row, reason and text, and the bytes where they are no text. */
export class RefusedLines implements LineKeeper {
  private readonly path: string;
  private fd: number | null = null;

  /** `path` is made with the first line. */
  constructor(path: string) {
    this.path = path;
  }

  write(file: string, row: number, bytes: Buffer): void {
    this.fd ??= openSync(this.path, 'w');
    const line = { file, row, reason: MALFORMED, text: bytes.toString('utf8') };
    const exact = isUtf8(bytes) ? line : { ...line, base64: bytes.toString('base64') };
    writeSync(this.fd, `${JSON.stringify(exact)}\n`);
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }
}
