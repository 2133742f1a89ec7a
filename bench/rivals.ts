import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Database, quoteText } from '../src/duckdb.ts';

/** Ways to do the job, or a part of it, with DuckDB alone: the files in bench/rivals. */
export type RivalName = 'floor' | 'hashed-keys' | 'text-keys';

/** Figures that every way of doing the job must agree on. Microseconds and counts, as exact integers in text. */
export interface Figures {
  readonly rows: string;
  readonly watchUs: string;
  readonly uniqueUs: string;
  readonly forwardSkips: string;
  readonly backwardSkips: string;
  readonly sessions: string;
  readonly events: string;
}

export interface RivalOptions {
  readonly lake: string;
  readonly out: string;
  readonly threads: number;
  /** The folder of bench, where the SQL files lie. */
  readonly benchFolder: string;
}

/** Reads the figures back from written Parquet. */
export async function readFigures(database: Database, folder: string): Promise<Figures> {
  const sumUs = (column: string): string => `sum((${column} * 1e6)::BIGINT)::VARCHAR`;
  const [figures] = await database.rows<Record<keyof Figures, string>>(
    `SELECT count(*)::VARCHAR AS rows, ${sumUs('totalWatchTime')} AS watchUs,
       ${sumUs('totalUniqueSecondsWatched')} AS uniqueUs, sum(totalForwardSkips)::BIGINT::VARCHAR AS forwardSkips,
       sum(totalBackwardSkips)::BIGINT::VARCHAR AS backwardSkips, sum(sessionCount)::BIGINT::VARCHAR AS sessions,
       sum(eventCount)::BIGINT::VARCHAR AS events
     FROM read_parquet(${quoteText(join(folder, '**', '*.parquet'))})`,
  );
  return figures!;
}

/** Runs one rival in this process; figures are null for the floor, which computes none. */
export async function runRival(name: RivalName, options: RivalOptions): Promise<Figures | null> {
  const { lake, out, threads, benchFolder } = options;
  rmSync(out, { recursive: true, force: true });
  const script = readFileSync(join(benchFolder, 'rivals', `${name}.sql`), 'utf8')
    .replaceAll('{{events}}', join(lake, 'events', '*.parquet'))
    .replaceAll('{{videos}}', join(lake, 'videos.parquet'))
    .replaceAll('{{out}}', out);
  // DuckDB gets its own default budget, 80 % of the machine: it is not held to playfold's.
  const database = await Database.open({ threads, memoryBytes: 20e9, tempFolder: `${out}.temporary` });
  try {
    for (const statement of script.split(/;\s*$/m)) {
      if (statement.replaceAll(/--.*$/gm, '').trim() !== '') await database.run(statement);
    }
    return name === 'floor' ? null : await readFigures(database, out);
  } finally {
    database.close();
  }
}
