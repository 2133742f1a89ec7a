import type { Database } from '../../duckdb.ts';
import type { BatchPlace } from '../../exchange/batch-writer.ts';
import type { RecordName } from '../../kernel/records.ts';
import type { VideoArrays } from '../../kernel/video-buckets.ts';
import type { RunCounters } from '../../progress-counters.ts';
import type { ResolvedOptions } from '../../run-options.ts';
import type { RowSums } from '../row-sums.ts';
import type { WriteSettings } from '../write.ts';
import type { TableName } from './names.ts';

/** What a table is made from. The database has the tables users(hash, id) and durations(hash, id, duration, ...). */
export interface TableInput {
  readonly database: Database;
  /** The folder to write the table to. */
  readonly folder: string;
  readonly settings: WriteSettings &
    Pick<ResolvedOptions, 'memoryBytes' | 'retentionBytes' | 'videoSumsBytes' | 'fewVideos'>;
  /** Say when to stop. */
  readonly counters: RunCounters;
  /** SQL for the rows of the engagement table, as written. */
  readonly engagement: string;
  /** SQL for a table of what the rows of each video come to, where that is known; see video-sums.ts and VIDEO_KEY. */
  readonly videoParts: string | null;
  /** The videos that the folds were given: see FoldSettings. */
  readonly videos: VideoArrays | null;
  /** Where the records lie, and how many there are; each is also a table function, see record-table.ts. */
  readonly records: ReadonlyMap<
    RecordName,
    { readonly places: readonly BatchPlace[]; readonly rowCount: number }
  >;
}

/** A table beside engagement. */
export interface OutputTable {
  /** The folder, and what --tables calls it. */
  readonly name: TableName;
  /** What the fold must record for it. */
  readonly records: readonly RecordName[];
  /** Writes the rows as Parquet below `input.folder`. */
  readonly write: (input: TableInput) => Promise<void>;
  /**
   * Rules of the written rows: a name, and a SQL aggregate over them that counts violations. `engagement` is SQL
   * for the rows that they are compared with, which add up to `sums`.
   */
  readonly checks: (
    engagement: string,
    sums: RowSums,
  ) => readonly (readonly [name: string, violations: string])[];
}

/** SQL for seconds as whole microseconds, whose sum depends on no order. */
export const microseconds = (seconds: string): string => `CAST(${seconds} * 1e6 AS BIGINT)`;

/** A check that an aggregate over the table's rows equals one over those of engagement. */
export function equalsEngagement(own: string, engagement: string, theirs: string): string {
  return `abs(coalesce(${own}, 0) - (SELECT coalesce(${theirs}, 0) FROM ${engagement}))`;
}
