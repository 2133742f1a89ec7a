import { closeSync, openSync, writeSync } from 'node:fs';
import type { StopCheck } from '../progress-counters.ts';
import { readBytes } from './byte-stream.ts';
import { CsvRecords, type RecordTaker } from './csv-records.ts';
import type { InputFile } from './formats.ts';
import { isJsonObject, readLines } from './json-lines.ts';
import type { LineKeeper } from './refused-lines.ts';

/** The column that a sieved file has in front: a record's number in its file, from 1. */
export const ROW_COLUMN = 'playfold row';

export interface Sieved {
  /** What to read in place of the files: the same ones where no record was refused. */
  readonly files: readonly InputFile[];
  readonly refused: number;
}

/**
 * Makes sure that DuckDB can read every record of CSV or NDJSON files. Where it could not, the records that it can
 * read are copied to `copyPath`, numbered; the others are counted, and given to `lines`. Files that are whole are
 * only looked at. All files are written alike. Throws a PlayfoldError (input) for damaged compression, and what `check` throws.
 */
export async function sieveFiles(
  files: readonly InputFile[],
  copyPath: string,
  lines: LineKeeper | null,
  check?: StopCheck,
): Promise<Sieved> {
  let refused = 0;
  for (const file of files) refused += await countRefused(file, check);
  if (refused === 0) return { files, refused };
  const copy = new RecordCopy(copyPath, files[0]!, lines);
  try {
    for (const file of files) await copy.add(file, check);
  } finally {
    copy.close();
  }
  return { files: [copy.file], refused };
}

/** Lines of a CSV or NDJSON file that are no record. */
export async function countRefused(file: InputFile, check?: StopCheck): Promise<number> {
  let refused = 0;
  await readRecords(file, { keep: () => {}, refuse: () => refused++ }, check);
  return refused;
}

async function readRecords(file: InputFile, taker: RecordTaker, check?: StopCheck): Promise<void> {
  if (file.format === 'ndjson') {
    for await (const line of readLines(file, check)) {
      if (isJsonObject(line)) taker.keep(line);
      else taker.refuse(line);
    }
    return;
  }
  const records = new CsvRecords(file.dialect!, taker);
  for await (const chunk of readBytes(file, check)) records.push(chunk, false);
  records.push(Buffer.alloc(0), true);
}

/** The good records of some files in one file, written as they are, each with its number in front. */
class RecordCopy implements RecordTaker {
  readonly file: InputFile;
  private readonly fd: number;
  private readonly lines: LineKeeper | null;
  private name = '';
  private row = 0;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;

  constructor(path: string, like: InputFile, lines: LineKeeper | null) {
    this.lines = lines;
    this.fd = openSync(path, 'w');
    const { dialect } = like;
    const columns = [ROW_COLUMN, ...(dialect?.columns ?? [])];
    this.file = {
      ...like,
      path,
      compression: null,
      dialect: dialect === null ? null : { ...dialect, skipLines: 0, columns },
    };
    if (dialect !== null) this.write(Buffer.from(`${columns.map((_, i) => i).join(dialect.delimiter)}\n`));
  }

  async add(file: InputFile, check?: StopCheck): Promise<void> {
    this.row = 0;
    this.name = file.name;
    await readRecords(file, this, check);
    this.flush();
  }

  keep(bytes: Buffer): void {
    this.row++;
    const { dialect } = this.file;
    if (dialect !== null)
      this.write(Buffer.from(`${this.row}${dialect.delimiter}`), bytes, Buffer.from('\n'));
    else this.write(Buffer.from(`{"${ROW_COLUMN}":${this.row}`), ...behindBrace(bytes), Buffer.from('\n'));
  }

  refuse(bytes: Buffer): void {
    this.row++;
    this.lines?.write(this.name, this.row, bytes);
  }

  close(): void {
    closeSync(this.fd);
  }

  private write(...parts: readonly Buffer[]): void {
    for (const part of parts) {
      this.waiting.push(part);
      this.waitingBytes += part.length;
    }
    if (this.waitingBytes > 1 << 20) this.flush();
  }

  private flush(): void {
    const bytes = Buffer.concat(this.waiting);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    this.waiting = [];
    this.waitingBytes = 0;
  }
}

/** An object's text behind its opening brace, with a comma in front unless it is empty. */
function behindBrace(object: Buffer): Buffer[] {
  const rest = object.subarray(object.indexOf('{') + 1);
  return /^\s*}/.test(rest.subarray(0, 64).toString('latin1')) ? [rest] : [Buffer.from(','), rest];
}
