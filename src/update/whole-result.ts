import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteText } from '../duckdb.ts';
import { engagementSql } from '../sink/engagement-sql.ts';
import { FOLDED_TABLE } from '../sink/folded-table.ts';
import { MAX_PARTITIONS, PARQUET, partitionsAtOnce, tooManyPartitions } from '../sink/write.ts';
import { makePlace, placeColumn, type ResultFiles, type WrittenResult } from './result-places.ts';
import { OPEN_TABLE } from './state-rows.ts';

/** Writes the whole result. `rows` is SQL for a table of folded rows, one a pair. */
export async function writeWholeResult(files: ResultFiles, rows: string): Promise<WrittenResult> {
  const { database, options, folder } = files;
  const { config, uniqueSeconds, partitionBy } = options;
  const writing = join(folder, '_writing');
  const sql = engagementSql(config, uniqueSeconds, { rows, partition: placeColumn(partitionBy) });
  for (const condition of await placeConditions(files)) {
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
  const written = Object.values(places).flat();
  return written.length > 0 ? { places, written, linked: [] } : writeNoRows(files);
}

/** One file without rows tells readers the columns. */
export async function writeNoRows(files: ResultFiles): Promise<WrittenResult> {
  const { database, options, folder } = files;
  const path = await makePlace(files, 'data_0', 0);
  const sql = engagementSql(options.config, options.uniqueSeconds, { condition: 'false' });
  await database.run(`COPY (${sql}) TO ${quoteText(join(folder, path))} (${PARQUET})`);
  return { places: { data_0: [path] }, written: [path], linked: [] };
}

/** SQL that divides the places into as many as memory allows to write at once; null for all of them. */
async function placeConditions({ database, options }: ResultFiles): Promise<(string | null)[]> {
  const [, place] = placeColumn(options.partitionBy);
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
