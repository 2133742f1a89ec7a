import type { Database } from '../duckdb.ts';
import { idHash } from '../source/scan.ts';
import { countNegativeRows, FORBIDDEN_COUNTS, readViolations, type Violations } from './checks.ts';
import { FLAGS, outputColumns, TIERS } from './engagement-sql.ts';
import { addHashes, hashSumSql } from './hash-sums.ts';
import { parquetFiles } from './write.ts';

/** What some rows of engagement add up to: those of two sets of rows add up to those of both. */
export interface RowSums {
  readonly rows: number;
  readonly events: number;
  readonly duplicates: number;
  /** Watch time in whole microseconds, as text: a sum of doubles would depend on the order of the rows. */
  readonly watchUs: string;
  /** Hashes of all columns of each row, modulo 2^64, as text. */
  readonly rowHash: string;
  /** Hashes of the keys of each row, modulo 2^64, as text. */
  readonly pairHash: string;
  readonly tiers: Readonly<Record<string, number>>;
  /** How many rows carry each flag; `ok` for those that carry none. */
  readonly flags: Readonly<Record<string, number>>;
}

export const NO_ROWS: RowSums = {
  rows: 0,
  events: 0,
  duplicates: 0,
  watchUs: '0',
  rowHash: '0',
  pairHash: '0',
  tiers: Object.fromEntries(TIERS.map((tier) => [tier, 0])),
  flags: Object.fromEntries(['ok', ...FLAGS].map((flag) => [flag, 0])),
};

export function addSums(a: RowSums, b: RowSums): RowSums {
  return {
    rows: a.rows + b.rows,
    events: a.events + b.events,
    duplicates: a.duplicates + b.duplicates,
    watchUs: String(BigInt(a.watchUs) + BigInt(b.watchUs)),
    rowHash: addHashes(a.rowHash, b.rowHash),
    pairHash: addHashes(a.pairHash, b.pairHash),
    tiers: addCounts(a.tiers, b.tiers),
    flags: addCounts(a.flags, b.flags),
  };
}

function addCounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) {
  return Object.fromEntries(Object.entries(a).map(([name, count]) => [name, count + (b[name] ?? 0)]));
}

/** How ids and rows are hashed. */
export interface HashSettings {
  readonly uniqueSeconds: boolean;
  readonly idHashBits: number;
}

/** Rows that were read back. */
export interface ReadRows {
  readonly sums: RowSums;
  readonly violations: Violations;
  readonly users: number;
}

/**
 * Reads all rows of some Parquet files in one scan. Users are those of the table users, each of whom has rows: counting
 * distinct ones took a third of it for 20M users.
 */
export async function readRows(
  database: Database,
  paths: readonly string[],
  settings: HashSettings,
): Promise<ReadRows> {
  const [row = {}] = await database.rows<Row>(
    `SELECT ${aggregates(settings)}, (SELECT count(*) FROM users)::DOUBLE AS users FROM ${parquetFiles(paths)}`,
  );
  const violations = readViolations([row], await countNegativeRows(database, paths));
  return { sums: toSums(row), violations, users: toCount(row, 'users') };
}

/** As readRows, for each of the files, by path; users of several files do not add up. */
export async function readFileRows(
  database: Database,
  paths: readonly string[],
  settings: HashSettings,
): Promise<{ readonly sums: ReadonlyMap<string, RowSums>; readonly violations: Violations }> {
  if (paths.length === 0) return { sums: new Map(), violations: readViolations([], 0) };
  const rows = await database.rows<Row>(
    `SELECT filename, ${aggregates(settings)} FROM ${parquetFiles(paths)} GROUP BY filename`,
  );
  return {
    sums: new Map(rows.map((row) => [String(row.filename), toSums(row)])),
    violations: readViolations(rows, await countNegativeRows(database, paths)),
  };
}

type Row = Record<string, number | string>;

function aggregates({ uniqueSeconds, idHashBits }: HashSettings): string {
  const columns = outputColumns(uniqueSeconds).map(([name]) => `"${name}"`);
  const pair = `hash(${idHash('userId', idHashBits)}, ${idHash('videoId', idHashBits)})`;
  const counts = [
    ...TIERS.map((tier) => [tier, `engagementTier = '${tier}'`] as const),
    ['ok', `dataQualityFlag = 'ok'`] as const,
    ...FLAGS.map((flag) => [flag, `list_contains(dataQualityFlags, '${flag}')`] as const),
  ];
  return [
    'count(*)::DOUBLE AS rowCount',
    'coalesce(sum(eventCount), 0)::DOUBLE AS eventCount',
    'coalesce(sum(duplicateEventCount), 0)::DOUBLE AS duplicateCount',
    'coalesce(sum(CAST(totalWatchTime * 1e6 AS BIGINT)), 0)::VARCHAR AS watchUs',
    `${hashSumSql(`hash(${columns.join(', ')})`)} AS rowHash`,
    `${hashSumSql(pair)} AS pairHash`,
    ...counts.map(([name, condition]) => `count(*) FILTER (${condition})::DOUBLE AS "${name}"`),
    ...FORBIDDEN_COUNTS,
  ].join(', ');
}

const toCount = (row: Row, name: string): number => Number(row[name] ?? 0);

function toSums(row: Row): RowSums {
  const counts = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, toCount(row, name)]));
  return {
    rows: toCount(row, 'rowCount'),
    events: toCount(row, 'eventCount'),
    duplicates: toCount(row, 'duplicateCount'),
    watchUs: String(row.watchUs ?? 0),
    rowHash: String(row.rowHash ?? 0),
    pairHash: String(row.pairHash ?? 0),
    tiers: counts(TIERS),
    flags: counts(['ok', ...FLAGS]),
  };
}
