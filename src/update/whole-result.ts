import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Json, quoteText } from '../duckdb.ts';
import { encodeVideos } from '../sink/dictionaries.ts';
import { engagementSql } from '../sink/engagement-sql.ts';
import { FOLDED_TABLE } from '../sink/folded-table.ts';
import { MAX_PARTITIONS, PARQUET, partitionsAtOnce, tooManyPartitions } from '../sink/write.ts';
import { uniteWholeRows } from './changed-rows.ts';
import { makePlace, placeKeySql, placeSql, type ResultFiles, type WrittenResult } from './result-places.ts';
import { OPEN_TABLE } from './state-rows.ts';

/** Writes the whole result of a first update. */
export async function writeWholeResult(files: ResultFiles): Promise<WrittenResult> {
  const { database, options } = files;
  const found = await findPlaces(files);
  const rowCount = found.reduce((sum, place) => sum + place.rows, 0);
  await encodeVideos(database, rowCount, `range(${found.length})`);
  const rowsWhere = await uniteWholeRows(database, options.uniqueSeconds);
  const places: Record<string, string[]> = {};
  for (const { names, condition } of groupPlaces(files, found)) {
    const rows = rowsWhere(condition);
    const isOne = names.length === 1;
    Object.assign(places, isOne ? await writePlace(files, rows, names[0]!) : await writePlaces(files, rows));
  }
  const written = Object.values(places).flat();
  return written.length > 0 ? { places, written, linked: [] } : writeNoRows(files);
}

/** Writes one place, as it comes. */
async function writePlace(
  files: ResultFiles,
  rows: string,
  place: string,
): Promise<Record<string, string[]>> {
  const { database, options, folder } = files;
  const path = await makePlace(files, place, 0);
  const sql = engagementSql(options.config, options.uniqueSeconds, { rows });
  await database.run(`COPY (${sql}) TO ${quoteText(join(folder, path))} (${PARQUET})`);
  return { [place]: [path] };
}

/** Writes some places at once. */
async function writePlaces(files: ResultFiles, rows: string): Promise<Record<string, string[]>> {
  const { database, options, folder, dayFilesFromUs } = files;
  const writing = join(folder, '_writing');
  const partition = ['place', placeSql(options.partitionBy, dayFilesFromUs)] as const;
  const sql = engagementSql(options.config, options.uniqueSeconds, { rows, partition });
  await database.run(
    `COPY (${sql}) TO ${quoteText(writing)} (${PARQUET}, PARTITION_BY (place), OVERWRITE_OR_IGNORE)`,
  );
  const places: Record<string, string[]> = {};
  for (const name of await readdir(writing)) {
    const place = decodeURIComponent(name.slice('place='.length));
    for (const [i, part] of (await readdir(join(writing, name))).sort().entries()) {
      const path = await makePlace(files, place, i);
      await rename(join(writing, name, part), join(folder, path));
      places[place] = [...(places[place] ?? []), path];
    }
  }
  await rm(writing, { recursive: true, force: true });
  return places;
}

/** One file without rows tells readers the columns. */
export async function writeNoRows(files: ResultFiles): Promise<WrittenResult> {
  const { database, options, folder } = files;
  const path = await makePlace(files, 'data_0', 0);
  const sql = engagementSql(options.config, options.uniqueSeconds, { condition: 'false' });
  await database.run(`COPY (${sql}) TO ${quoteText(join(folder, path))} (${PARQUET})`);
  return { places: { data_0: [path] }, written: [path], linked: [] };
}

/** A place of more rows is written alone: PARTITION_BY takes twice the time, and holds them until their file ends. */
const ROWS_ALONE = 300_000;
const BYTES_A_ROW = 500;

/** A place: how many rows it has, and what placeKeySql gives them, as text. */
interface FoundPlace extends Record<string, Json> {
  readonly place: string;
  readonly keyText: string;
  readonly rows: number;
}

/** The places of the first result, in their order. */
async function findPlaces({ database, options, dayFilesFromUs }: ResultFiles): Promise<FoundPlace[]> {
  const { partitionBy } = options;
  const keys = [FOLDED_TABLE, OPEN_TABLE].map((table) => `SELECT userHash, firstTimestampUs FROM ${table}()`);
  const found = await database.rows<FoundPlace>(
    `SELECT key::VARCHAR AS keyText, ${placeSql(partitionBy, dayFilesFromUs)} AS place, n::DOUBLE AS rows
     FROM (
       SELECT ${placeKeySql(partitionBy, dayFilesFromUs)} AS key, any_value(userHash) AS userHash,
         min(firstTimestampUs) AS firstTimestampUs, count(*) AS n
       FROM (${keys.join(' UNION ALL ')}) GROUP BY key ORDER BY key LIMIT ${MAX_PARTITIONS + 1}
     ) ORDER BY key`,
  );
  if (found.length > MAX_PARTITIONS) throw tooManyPartitions(partitionBy);
  return found;
}

/** Neighbours, as many together as are written at once, and SQL for which rows are theirs; null for all. */
function groupPlaces({ options, dayFilesFromUs }: ResultFiles, found: readonly FoundPlace[]) {
  const mostPlaces = partitionsAtOnce(options);
  const mostRows = options.memoryBytes / 4 / BYTES_A_ROW;
  const groups: FoundPlace[][] = [];
  let rows = Number.POSITIVE_INFINITY;
  for (const place of found) {
    const isAlone = place.rows > ROWS_ALONE;
    if (isAlone || rows + place.rows > mostRows || groups.at(-1)!.length >= mostPlaces) {
      groups.push([]);
      rows = 0;
    }
    groups.at(-1)!.push(place);
    rows += isAlone ? mostRows : place.rows;
  }
  const key = placeKeySql(options.partitionBy, dayFilesFromUs);
  return groups.map((group) => {
    const [first, last] = [group[0]!, group.at(-1)!].map(({ keyText }) => quoteText(keyText));
    return {
      names: group.map(({ place }) => place),
      condition: groups.length === 1 ? null : `${key} BETWEEN ${first} AND ${last}`,
    };
  });
}
