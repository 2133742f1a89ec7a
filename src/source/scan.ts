import { join } from 'node:path';
import { Database, quoteText } from '../duckdb.ts';
import { BatchWriter } from '../exchange/batch-writer.ts';
import type { PartitionedBatch } from '../exchange/exchange.ts';
import type { HeldBytes } from '../exchange/held-bytes.ts';
import { Kernel } from '../kernel/kernel.ts';
import {
  EVENT_BYTES,
  EVENT_FROM_BYTES,
  TEXT_OF_EVENT_NAME,
  TEXT_OF_USER,
  TEXT_OF_VIDEO,
} from '../kernel/layout.ts';
import type { ScanSize } from '../kernel/memory-plan.ts';
import { type NameHashes, ScanKernel } from '../kernel/scan-kernel.ts';
import { type RunCounters, throwIfStopped } from '../progress-counters.ts';
import { CLASS_NAMES, CLASS_RANKS, type ClassName, normalizeEventName } from './event-classes.ts';
import { PushFunction, pushCall } from './hand-over.ts';
import { EventSpan, RoundCollector } from './round-collector.ts';
import { type SliceCounts, SliceSource } from './slice-source.ts';
import type { ScanSlice } from './slices.ts';

/** What every scan of a run shares: plain data, sent to each worker once. */
export interface ScanSettings {
  readonly tempFolder: string;
  /** All that this thread's DuckDB may read, beside the temporary folder and the quarantine. */
  readonly inputPaths: readonly string[];
  readonly databaseMemoryBytes: number;
  readonly roundRows: number;
  /** Leading bits of the user hash that tell bins apart; `binsPerPartition` neighbours are a partition. */
  readonly binBits: number;
  readonly binsPerPartition: number;
  readonly hasFrom: boolean;
  readonly seenUserLines: number;
  readonly seenVideoLines: number;
  /** Whether the times of the earliest and the latest event are wanted: 1 ns a row. */
  readonly findsSpan: boolean;
  readonly eventNames: Readonly<Record<ClassName, readonly string[]>>;
  /** Bits of the id hash that are used: 64, or fewer in tests that force two ids onto one hash. */
  readonly idHashBits: number;
  /** Where invalid rows are kept, or null. */
  readonly quarantineFolder: string | null;
}

/** What the scan of a slice came to. */
export interface ScanTotals {
  readonly counts: SliceCounts;
  readonly spilledBytes: number;
  /** A Parquet file with the text of ids and names that this worker saw first here. */
  readonly textsPath: string;
  /** The times of the earliest and the latest event kept, where they were wanted and there is one. */
  readonly earliestUs: bigint | null;
  readonly latestUs: bigint | null;
}

export interface ScanResult extends ScanTotals {
  readonly batches: readonly PartitionedBatch[];
}

/** SQL for the 64-bit key of an id's text. */
export function idHash(text: string, bits: number): string {
  return bits === 64 ? `hash(${text})` : `(hash(${text}) >> ${64 - bits} << ${64 - bits})`;
}

/**
 * SQL for a second hash of a user's text, by which two users with one key are told apart: 4 % of a run. Videos
 * have none: a million of them share a hash with odds of 1 in 37 million (README.md). The character in front
 * shifts every block that the hash reads; behind the text it could leave two equal hashes equal.
 */
function idCheck(text: string): string {
  return `hash(concat('~', ${text}))`;
}

/** SQL for the key of an event name. On Parquet's dictionaries this costs 2 ns a row: once an entry. */
export function eventNameHash(text: string): string {
  return `hash(lower(trim(${text})))`;
}

/** The scan of one thread: a DuckDB with one thread, a kernel, and the ids it has reported so far. */
export class Scanner {
  private readonly settings: ScanSettings;
  private readonly database: Database;
  private readonly push: PushFunction;
  private readonly kernel: ScanKernel;
  private readonly size: ScanSize;

  private constructor(settings: ScanSettings, database: Database, size: ScanSize, kernel: ScanKernel) {
    this.settings = settings;
    this.database = database;
    this.size = size;
    this.kernel = kernel;
    this.push = new PushFunction(database, settings.hasFrom);
  }

  static async open(module: WebAssembly.Module, settings: ScanSettings): Promise<Scanner> {
    const { tempFolder, quarantineFolder } = settings;
    const database = await Database.open({
      threads: 1,
      memoryBytes: settings.databaseMemoryBytes,
      tempFolder,
      access: {
        files: settings.inputPaths,
        folders: quarantineFolder === null ? [tempFolder] : [tempFolder, quarantineFolder],
      },
    });
    await database.lockConfiguration();
    const eventStride = settings.hasFrom ? EVENT_FROM_BYTES : EVENT_BYTES;
    const size = { ...settings, eventStride, markInvalid: quarantineFolder !== null };
    const names = await hashNames(database, settings);
    return new Scanner(settings, database, size, new ScanKernel(new Kernel(module), size, names));
  }

  /** Scans one slice. Throws a PlayfoldError (input) that names the slice where its data cannot be read. */
  async scan(slice: ScanSlice, index: number, held: HeldBytes, counters: RunCounters): Promise<ScanResult> {
    const check = (): void => throwIfStopped(counters);
    // Five times a second: a query that hands on no row, for none is wanted, asks nobody whether to go on.
    const watch = setInterval(() => counters.isStopped && this.database.interrupt(), 200);
    try {
      return await SliceSource.use(slice, index, { ...this.settings, check }, (source) =>
        this.scanSource(slice, source, index, held, counters),
      );
    } finally {
      clearInterval(watch);
    }
  }

  private async scanSource(
    slice: ScanSlice,
    source: SliceSource,
    index: number,
    held: HeldBytes,
    counters: RunCounters,
  ): Promise<ScanResult> {
    const writer = new BatchWriter(held, join(this.settings.tempFolder, `scan-${index}.arrow`));
    const textsPath = join(this.settings.tempFolder, `texts-${index}.parquet`);
    const { binsPerPartition, findsSpan } = this.settings;
    const span = findsSpan ? new EventSpan() : null;
    const rounds = new RoundCollector(this.kernel, writer, counters, binsPerPartition, span);
    try {
      this.kernel.begin();
      await this.push.run(this.database, this.queryOf(slice, source, textsPath), rounds);
      rounds.flush();
      const spilledBytes = writer.finish();
      const counts = await source.finish(this.database, this.kernel.counts(), textsPath);
      const [earliestUs, latestUs] = [span?.earliestUs ?? null, span?.latestUs ?? null];
      return { counts, batches: rounds.batches, spilledBytes, textsPath, earliestUs, latestUs };
    } catch (error) {
      writer.abandon();
      this.kernel.flush();
      this.kernel.forgetSeen(this.size);
      rounds.forgetRows();
      throw error;
    }
  }

  close(): void {
    this.database.close();
  }

  private queryOf({ where, expressions }: ScanSlice, source: SliceSource, textsPath: string): string {
    const { idHashBits, hasFrom } = this.settings;
    const { userId, videoId, sessionId, eventName } = expressions;
    const flag = pushCall([
      idHash(userId, idHashBits),
      idCheck(userId),
      idHash(videoId, idHashBits),
      `hash(${sessionId})`,
      eventNameHash(eventName),
      expressions.timestampUs,
      expressions.currentTime,
      ...(hasFrom ? [expressions.fromTime ?? 'NULL::DOUBLE'] : []),
    ]);
    const { from, invalidRows } = source;
    return `COPY (
      SELECT CASE WHEN wanted & ${TEXT_OF_USER} <> 0 THEN userText END AS userId,
        CASE WHEN wanted & ${TEXT_OF_VIDEO} <> 0 THEN videoText END AS videoId,
        CASE WHEN wanted & ${TEXT_OF_EVENT_NAME} <> 0 THEN coalesce(nameText, '(null)') END AS eventName,
        CASE WHEN wanted & ${TEXT_OF_EVENT_NAME} <> 0 THEN ${eventNameHash('nameText')} END AS eventNameHash
        ${invalidRows === null ? '' : `, ${invalidRows.kept}`}
      FROM (SELECT ${userId} AS userText, ${videoId} AS videoText, ${eventName} AS nameText, ${flag} AS wanted
        ${invalidRows === null ? '' : `, ${invalidRows.passed}`}
        FROM ${from} ${where === null ? '' : `WHERE ${where}`})
      WHERE wanted <> 0
    ) TO ${quoteText(textsPath)} (FORMAT parquet, COMPRESSION uncompressed)`;
  }
}

/** The hashes by which the kernel knows missing ids and event names. */
export async function hashNames(
  database: Database,
  settings: Pick<ScanSettings, 'eventNames' | 'idHashBits'>,
): Promise<NameHashes> {
  const names = CLASS_NAMES.flatMap((className) =>
    settings.eventNames[className].map((name) => ({ name, eventClass: CLASS_RANKS[className] })),
  );
  const list = names.map(({ name }) => eventNameHash(quoteText(normalizeEventName(name))));
  const bits = settings.idHashBits;
  const [row] = await database.rows<{ ids: string[]; names: string[] }>(
    `SELECT [${idHash('NULL::VARCHAR', bits)}, ${idHash("''", bits)}] AS ids, [${list.join(', ')}]::UBIGINT[] AS names`,
  );
  const [nullHash, emptyHash] = row!.ids.map(BigInt) as [bigint, bigint];
  const classOfName = names.map(({ eventClass }, i) => ({ hash: BigInt(row!.names[i]!), eventClass }));
  return { nullHash, emptyHash, classOfName };
}
