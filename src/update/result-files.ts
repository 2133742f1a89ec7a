import { copyFile, link, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Database, quoteName, quotePath, quoteText } from '../duckdb.ts';
import type { ResolvedOptions } from '../run-options.ts';
import { pairSumSql } from '../sink/checks.ts';
import { engagementSql, type OutputColumn, outputColumns } from '../sink/engagement-sql.ts';
import { FOLDED_TABLE } from '../sink/folded-table.ts';
import { type PartitionBy, partitionColumn } from '../sink/partitions.ts';
import { ENGAGEMENT, MAX_PARTITIONS, PARQUET, partitionsAtOnce, tooManyPartitions } from '../sink/write.ts';
import { idHash } from '../source/scan.ts';
import { OPEN_TABLE } from './state-rows.ts';

/** Files of the result by their place: folder and first part of their names, below the table's folder. */
export type ResultPlaces = Readonly<Record<string, readonly string[]>>;

/** A published result that is brought up to date, and where. */
export interface ResultFiles {
  readonly database: Database;
  readonly options: ResolvedOptions;
  /** The folder to fill. */
  readonly folder: string;
  /** Ends the names of new files. */
  readonly stamp: string;
  /** The folder that is published now, and its files by place. */
  readonly published: string | null;
  readonly places: ResultPlaces;
}

export interface WrittenResult {
  readonly places: ResultPlaces;
  readonly rowsChanged: number;
  /** Rows of the result that stand no longer where they stood. */
  readonly rowsReplaced: number;
  /** What the sum of the hashes of all pairs gains, modulo 2^64. */
  readonly pairsAdded: bigint;
  readonly filesWritten: number;
  /** Paths that are links to published files. */
  readonly linked: readonly string[];
}

/**
 * SQL for the place of a row. Rows of a month lie in a file for each day of the first watch: what changes in a day
 * are mostly rows of the days before it, and the files of older days stay.
 */
function placeColumn(partitionBy: PartitionBy): OutputColumn {
  const partition = partitionColumn(partitionBy);
  if (partition === null) return ['place', `'data_0'`];
  const label = `(${partition.label.replace('key', partition.key)})::VARCHAR`;
  const file =
    partitionBy === 'month' ? `strftime(make_timestamp(firstTimestampUs), '%Y-%m-%d')` : `'data_0'`;
  return ['place', `concat('${partition.name}=', ${label}, '/', ${file})`];
}

const columnList = (uniqueSeconds: boolean): string =>
  outputColumns(uniqueSeconds)
    .map(([name]) => quoteName(name))
    .join(', ');

/** Writes the whole result. `rows` is SQL for a table of folded rows, one a pair. */
export async function writeWholeResult(files: ResultFiles, rows: string): Promise<WrittenResult> {
  const { database, options, folder } = files;
  const { config, uniqueSeconds, partitionBy } = options;
  const writing = join(folder, '_writing');
  const partition = placeColumn(partitionBy);
  const sql = engagementSql(config, uniqueSeconds, { rows, partition });
  for (const condition of await placeConditions(files, partition)) {
    const part = condition === null ? sql : `SELECT * FROM (${sql}) WHERE ${condition}`;
    await database.run(
      `COPY (${part}) TO ${quoteText(writing)} (${PARQUET}, PARTITION_BY (place), OVERWRITE_OR_IGNORE)`,
    );
  }
  const places: Record<string, string[]> = {};
  for (const name of await readdir(writing).catch(() => [])) {
    const place = decodeURIComponent(name.slice('place='.length));
    for (const [i, part] of (await readdir(join(writing, name))).sort().entries()) {
      const path = await makePlace(files, place, i);
      await rename(join(writing, name, part), join(folder, path));
      places[place] = [...(places[place] ?? []), path];
    }
  }
  await rm(writing, { recursive: true, force: true });
  const filesWritten = Object.values(places).flat().length;
  if (filesWritten > 0)
    return { places, rowsChanged: 0, rowsReplaced: 0, pairsAdded: 0n, filesWritten, linked: [] };
  // One file without rows tells readers the columns.
  const path = await makePlace(files, 'data_0', 0);
  await database.run(
    `COPY (SELECT * EXCLUDE (place) FROM (${sql})) TO ${quoteText(join(folder, path))} (${PARQUET})`,
  );
  return {
    places: { data_0: [path] },
    rowsChanged: 0,
    rowsReplaced: 0,
    pairsAdded: 0n,
    filesWritten: 1,
    linked: [],
  };
}

/** SQL that divides the places into as many as memory allows to write at once; null for all of them. */
async function placeConditions(
  { database, options }: ResultFiles,
  [, place]: OutputColumn,
): Promise<(string | null)[]> {
  const keys = [FOLDED_TABLE, OPEN_TABLE].map((table) => `SELECT userHash, firstTimestampUs FROM ${table}()`);
  const found = await database.rows<{ place: string }>(
    `SELECT DISTINCT ${place} AS place FROM (${keys.join(' UNION ALL ')}) ORDER BY place LIMIT ${MAX_PARTITIONS + 1}`,
  );
  const places = found.map((row) => row.place);
  if (places.length > MAX_PARTITIONS) throw tooManyPartitions(options.partitionBy);
  const atOnce = partitionsAtOnce(options);
  if (places.length <= atOnce) return [null];
  return Array.from({ length: Math.ceil(places.length / atOnce) }, (_, i) => {
    const some = places.slice(i * atOnce, (i + 1) * atOnce);
    return `place IN (${some.map(quoteText).join(', ')})`;
  });
}

/**
 * Writes the files whose rows change, and links the others. `rows` is SQL for a table of folded rows: those that
 * are new or changed.
 */
export async function updateResult(files: ResultFiles, rows: string): Promise<WrittenResult> {
  const { database, options, folder, published } = files;
  const { config, uniqueSeconds } = options;
  const partition = placeColumn(options.partitionBy);
  await database.run(
    `CREATE TEMP TABLE fresh AS ${engagementSql(config, uniqueSeconds, { rows, partition })}`,
  );
  const replaced = await countReplaced(files);
  const fresh = await countFresh(files);
  const places: Record<string, string[]> = {};
  const linked: string[] = [];
  let filesWritten = 0;
  for (const place of new Set([...Object.keys(files.places), ...fresh.keys()])) {
    const before = files.places[place] ?? [];
    if (!fresh.has(place) && !before.some((path) => replaced.has(path))) {
      for (const path of before) {
        await linkFile(join(published!, path), join(folder, path));
        linked.push(path);
      }
      places[place] = [...before];
      continue;
    }
    const path = await makePlace(files, place, 0);
    if ((await rewritePlace(files, before, place, join(folder, path))) === 0) await rm(join(folder, path));
    else {
      places[place] = [path];
      filesWritten++;
    }
  }
  if (Object.keys(places).length === 0) return writeWholeResult(files, `(${rows})`);
  const [now, before] = [totalOf(fresh), totalOf(replaced)];
  return {
    places,
    rowsChanged: now.rows,
    rowsReplaced: before.rows,
    pairsAdded: now.pairSum - before.pairSum,
    filesWritten,
    linked,
  };
}

/** Some rows: how many, and the sum of the hashes of their pairs. */
interface PairCount {
  readonly rows: number;
  readonly pairSum: bigint;
}

function totalOf(counts: ReadonlyMap<string, PairCount>): PairCount {
  return [...counts.values()].reduce(
    (sum, count) => ({ rows: sum.rows + count.rows, pairSum: sum.pairSum + count.pairSum }),
    { rows: 0, pairSum: 0n },
  );
}

const countSql = ({ idHashBits }: ResolvedOptions): string =>
  `count(*)::DOUBLE AS rows, ${pairSumSql(idHash('userId', idHashBits), idHash('videoId', idHashBits))} AS pairSum`;

/** What of each published file is replaced, by its path in the published folder. */
async function countReplaced({
  database,
  options,
  published,
  places,
}: ResultFiles): Promise<Map<string, PairCount>> {
  const paths = Object.values(places).flat();
  if (paths.length === 0) return new Map();
  const pathOf = new Map(paths.map((path) => [join(published!, path), path]));
  const rows = await database.rows<{ file: string; rows: number; pairSum: string }>(
    `SELECT filename AS file, ${countSql(options)}
     FROM read_parquet([${[...pathOf.keys()].map((path) => quotePath(path)).join(', ')}], filename = true,
       hive_partitioning = false) AS published SEMI JOIN fresh USING (userId, videoId)
     GROUP BY filename`,
  );
  return new Map(
    rows.map((row) => [pathOf.get(row.file)!, { rows: row.rows, pairSum: BigInt(row.pairSum) }]),
  );
}

async function countFresh({ database, options }: ResultFiles): Promise<Map<string, PairCount>> {
  const rows = await database.rows<{ place: string; rows: number; pairSum: string }>(
    `SELECT place, ${countSql(options)} FROM fresh GROUP BY place ORDER BY place`,
  );
  return new Map(rows.map((row) => [row.place, { rows: row.rows, pairSum: BigInt(row.pairSum) }]));
}

/** Writes the rows of one place: those published that nothing replaces, and the fresh ones. Returns how many. */
async function rewritePlace(
  { database, options, published }: ResultFiles,
  before: readonly string[],
  place: string,
  path: string,
): Promise<number> {
  const columns = columnList(options.uniqueSeconds);
  const old = before.map((part) => quotePath(join(published!, part))).join(', ');
  const kept =
    before.length === 0
      ? ''
      : `SELECT ${columns} FROM (SELECT * FROM read_parquet([${old}], hive_partitioning = false))
           ANTI JOIN fresh USING (userId, videoId) UNION ALL `;
  await database.run(
    `COPY (${kept}SELECT ${columns} FROM fresh WHERE place = ${quoteText(place)}) TO ${quoteText(path)} (${PARQUET})`,
  );
  const [row] = await database.rows<{ rows: number }>(
    `SELECT num_rows::DOUBLE AS rows FROM parquet_file_metadata(${quotePath(path)})`,
  );
  return row?.rows ?? 0;
}

/** The path of a new file of a place, whose folder is made. */
async function makePlace({ folder, stamp }: ResultFiles, place: string, part: number): Promise<string> {
  const path = `${ENGAGEMENT}/${place}-${stamp}${part === 0 ? '' : `-${part}`}.parquet`;
  await mkdir(dirname(join(folder, path)), { recursive: true });
  return path;
}

/** A second name for a file, or a copy on a disk that has no links. */
export async function linkFile(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await link(from, to).catch(() => copyFile(from, to));
}
