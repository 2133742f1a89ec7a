import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../duckdb.ts';
import { DiskFullError, EXIT, PlayfoldError, translateDiskError } from '../errors.ts';
import { INVALID_TIMESTAMP } from '../kernel/layout.ts';
import type { ScanCounts } from '../kernel/scan-kernel.ts';
import type { StopCheck } from '../progress-counters.ts';
import { verifyGzip } from './byte-stream.ts';
import {
  type InvalidRowSource,
  invalidRowSource,
  type QuarantinePaths,
  quarantinePaths,
  writeInvalidRows,
} from './quarantine.ts';
import { countNoObjects, isLineJson, readerOf } from './readers.ts';
import { type LineKeeper, RefusedLines } from './refused-lines.ts';
import { type Sieved, sieveFiles } from './sieve.ts';
import type { ScanSlice } from './slices.ts';

/** What the rows of a slice came to, and how many of them could not be read. */
export interface SliceCounts extends ScanCounts {
  readonly malformed: number;
}

/** How a slice is opened. */
export interface SliceSettings {
  readonly tempFolder: string;
  readonly quarantineFolder: string | null;
  /** Called now and then while files are looked at: throws to stop. */
  readonly check?: StopCheck;
  /** Takes broken lines that are not kept in a quarantine. */
  readonly lines?: LineKeeper;
}

/**
 * What the query of a slice reads. CSV is sieved before DuckDB sees it, for its own ways with broken lines are to
 * swallow their neighbours or to end. NDJSON costs more to look at, and DuckDB refuses what is broken in it: it is
 * sieved once that has happened, or where broken lines are kept.
 */
export class SliceSource {
  private readonly slice: ScanSlice;
  private readonly copyPath: string;
  private readonly quarantine: QuarantinePaths | null;
  private readonly settings: SliceSettings;
  private sieved: Sieved;
  private isSieved = false;

  private constructor(slice: ScanSlice, index: number, settings: SliceSettings) {
    const { quarantineFolder, tempFolder } = settings;
    this.slice = slice;
    this.copyPath = join(tempFolder, `sieved-${index}`);
    this.quarantine = quarantineFolder === null ? null : quarantinePaths(quarantineFolder, index);
    this.settings = settings;
    this.sieved = { files: slice.files, refused: 0 };
  }

  /** Throws a PlayfoldError (input) for compressed data that is damaged. */
  static async open(slice: ScanSlice, index: number, settings: SliceSettings): Promise<SliceSource> {
    const source = new SliceSource(slice, index, settings);
    const [file] = slice.files;
    if (file?.format === 'csv' || (file !== undefined && isLineJson(file) && source.quarantine !== null))
      await source.sieve();
    else if (file?.format === 'ndjson') for (const one of slice.files) await verifyGzip(one, settings.check);
    return source;
  }

  /**
   * Opens a slice for `read`, which runs a second time where the source had to be mended, and closes it. Errors of
   * the input name the slice.
   */
  static async use<Result>(
    slice: ScanSlice,
    index: number,
    settings: SliceSettings,
    read: (source: SliceSource) => Promise<Result>,
  ): Promise<Result> {
    try {
      const source = await SliceSource.open(slice, index, settings);
      try {
        return await read(source);
      } catch (error) {
        if (!(await source.mend(error))) throw error;
        return await read(source);
      } finally {
        await source.close();
      }
    } catch (thrown) {
      const error = translateDiskError(thrown);
      const isDisk = error instanceof DiskFullError;
      if (error instanceof PlayfoldError && !isDisk && !error.message.startsWith(slice.label))
        throw new PlayfoldError(`${slice.label}: ${error.message}`, error.exitCode);
      throw error;
    }
  }

  /** A slice to look at, all its broken lines apart. */
  static async openSieved(
    slice: ScanSlice,
    index: number,
    settings: Omit<SliceSettings, 'quarantineFolder'>,
  ): Promise<SliceSource> {
    const source = await SliceSource.open(slice, index, { ...settings, quarantineFolder: null });
    const [file] = slice.files;
    if (file !== undefined && isLineJson(file)) await source.sieve();
    return source;
  }

  /** Lines that could not be read, as far as they have been looked for. */
  get refused(): number {
    return this.sieved.refused;
  }

  /** SQL: a table function call. */
  get from(): string {
    const { names, rowNumbers } = this.slice;
    return (
      this.invalidRows?.from ?? readerOf(this.sieved.files, { names, rowNumbers, areObjects: this.isSieved })
    );
  }

  /** What to add to the query; null unless invalid rows are kept. */
  get invalidRows(): InvalidRowSource | null {
    const { names, describedColumns } = this.slice;
    return this.quarantine === null ? null : invalidRowSource(this.sieved.files, describedColumns, names);
  }

  /** Sieves what could not be read as it was; false where that has been done, or cannot help. */
  async mend(error: unknown): Promise<boolean> {
    const [file] = this.slice.files;
    const isData = error instanceof PlayfoldError && error.exitCode === EXIT.input;
    if (!isData || this.isSieved || file === undefined || !isLineJson(file)) return false;
    await this.sieve();
    return true;
  }

  /** Counts what could not be read apart from rows without a timestamp, and writes what is to be kept. */
  async finish(database: Database, counts: ScanCounts, textsPath: string): Promise<SliceCounts> {
    await this.close();
    const { files } = this.slice;
    const undated = counts.invalid[INVALID_TIMESTAMP] ?? 0;
    const isNested = files[0]?.format === 'ndjson' && !isLineJson(files[0]);
    const noObjects = isNested && undated > 0 ? await countNoObjects(database, files) : 0;
    if (this.quarantine !== null && counts.invalid.some((count) => count > 0))
      await writeInvalidRows(database, textsPath, files[0]!, this.quarantine.rows);
    return {
      ...counts,
      rowsRead: counts.rowsRead + this.sieved.refused,
      invalid: counts.invalid.map((count, reason) =>
        reason === INVALID_TIMESTAMP ? count - noObjects : count,
      ),
      malformed: this.sieved.refused + noObjects,
    };
  }

  /** Removes the copy of what was sieved, if any. */
  async close(): Promise<void> {
    await rm(this.copyPath, { force: true });
  }

  private async sieve(): Promise<void> {
    const { files } = this.slice;
    this.isSieved = true;
    const { check, lines = null } = this.settings;
    const kept = this.quarantine === null ? null : new RefusedLines(this.quarantine.lines);
    try {
      this.sieved = await sieveFiles(files, this.copyPath, kept ?? lines, check);
    } finally {
      kept?.close();
    }
  }
}
