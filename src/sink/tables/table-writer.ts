import { join } from 'node:path';
import type { Database } from '../../duckdb.ts';
import { readRecords } from '../../exchange/batches.ts';
import { readPlaces } from '../../exchange/place-reader.ts';
import type { FoldResult } from '../../fold/fold.ts';
import { isHash, RECORDS, type RecordName } from '../../kernel/records.ts';
import type { VideoArrays } from '../../kernel/video-buckets.ts';
import { type RunCounters, throwIfStopped } from '../../progress-counters.ts';
import type { ResolvedOptions } from '../../run-options.ts';
import type { TableSummary } from '../../summary.ts';
import type { Check } from '../checks.ts';
import { registerFlatTable } from '../flat-table.ts';
import { hashSumSql, toHex } from '../hash-sums.ts';
import type { RowSums } from '../row-sums.ts';
import { ENGAGEMENT, tableSource } from '../write.ts';
import { recordsOf, tablesOf } from './index.ts';
import type { TableInput } from './output-table.ts';
import { recordTable } from './record-table.ts';

export interface TableWriterInput {
  readonly database: Database;
  readonly options: ResolvedOptions;
  readonly folds: readonly FoldResult[];
  /** The output folder; the engagement table is written already. */
  readonly folder: string;
  readonly counters: RunCounters;
  /** See TableInput. */
  readonly videoParts?: string | null;
  readonly videos?: VideoArrays | null;
}

export interface TableReview {
  readonly summary: TableSummary;
  readonly checks: readonly Check[];
}

/** Writes the tables beside engagement, and reads them back. */
export class TableWriter {
  private readonly input: TableWriterInput;

  constructor(input: TableWriterInput) {
    this.input = input;
  }

  /** Looked at anew each time: files are renamed between writing and review. */
  private get engagement(): string {
    return tableSource(this.input.folder, ENGAGEMENT);
  }

  async write(): Promise<void> {
    const { database, options, folds, folder, counters, videoParts = null, videos = null } = this.input;
    const records = registerRecords(database, recordsOf(options.tables), folds);
    for (const table of tablesOf(options.tables)) {
      throwIfStopped(counters);
      await table.write({
        database,
        folder: join(folder, table.name),
        settings: options,
        counters,
        engagement: this.engagement,
        videoParts,
        videos,
        records,
      });
    }
  }

  /** Reads each table back, in one scan: its rules, its rows and their hash. `sums` are those of engagement. */
  async review(sums: RowSums): Promise<TableReview[]> {
    const { database, options, folder } = this.input;
    const reviews: TableReview[] = [];
    for (const { name, checks } of tablesOf(options.tables)) {
      const rules = checks(this.engagement, sums);
      const columns = rules.map(([, violations], i) => `(${violations})::DOUBLE AS check${i}`);
      const [found] = await database.rows<Record<string, number> & { rowHash: string }>(
        `SELECT count(*)::DOUBLE AS rowCount, ${columns.map((column) => `${column}, `).join('')}
           ${hashSumSql('hash(written)')} AS rowHash
         FROM ${tableSource(folder, name)} AS written`,
      );
      reviews.push({
        summary: { name, rows: found?.rowCount ?? 0, contentHash: toHex(found?.rowHash ?? '0') },
        checks: rules.map(([rule], i) => ({
          name: `${name}: ${rule}`,
          violations: found?.[`check${i}`] ?? Number.NaN,
        })),
      });
    }
    return reviews;
  }
}

function registerRecords(
  database: Database,
  names: readonly RecordName[],
  folds: readonly FoldResult[],
): TableInput['records'] {
  const records = new Map<RecordName, { places: FoldResult['places']; rowCount: number }>();
  for (const name of names) {
    const kinds = folds.flatMap((fold) => fold.records.filter((kind) => kind.name === name));
    const places = kinds.flatMap((kind) => kind.places);
    const rowCount = kinds.reduce((sum, kind) => sum + kind.rowCount, 0);
    const { columns, wideColumns } = RECORDS[name];
    const described = columns.map((column, i) => {
      const type = isHash(column) ? 'u64' : i < wideColumns ? 'i64' : 'i32';
      return { name: column, type } as const;
    });
    registerFlatTable(database, recordTable(name), described, rowCount, () =>
      readPlaces(places, readRecords),
    );
    records.set(name, { places, rowCount });
  }
  return records;
}
