import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Database, quotePath, quoteText } from '../duckdb.ts';
import { run } from '../run.ts';
import { checkTarget } from '../sink/target-checks.ts';
import { ENGAGEMENT } from '../sink/write.ts';
import { showProgress } from '../terminal/progress.ts';
import { formatTable } from '../terminal/table.ts';
import { writeSampleData } from './sample-data.ts';

export interface DemoArguments {
  readonly out: string;
  readonly events: number;
}

const SHOWN_USERS = ['peter', 'alice', 'emeka', 'hana', 'jun'];

/** A few rows of the result, peter's first, as lines of a table. */
async function showRows(result: string): Promise<string[]> {
  const database = await Database.open({ threads: 1, memoryBytes: 256e6, tempFolder: join(result, '..') });
  try {
    const rows = await database.rows<Record<string, string>>(
      `SELECT userId AS "user", videoId AS video, printf('%d s', totalWatchTime::BIGINT) AS watched,
         printf('%d s', totalUniqueSecondsWatched::BIGINT) AS "unique", format('{} %', watchPercentage) AS "watch %",
         format('{:g} %', completionPercentage) AS "completed", format('{:.2f}', engagementScore) AS score,
         engagementTier AS tier, dataQualityFlag AS flag
       FROM read_parquet(${quotePath(join(result, ENGAGEMENT), '/**/*.parquet')})
       WHERE userId IN (${SHOWN_USERS.map(quoteText).join(', ')})
       ORDER BY list_position([${SHOWN_USERS.map(quoteText).join(', ')}], userId)`,
    );
    const head = Object.keys(rows[0] ?? {});
    return formatTable(
      head,
      rows.map((row) => head.map((name) => String(row[name]))),
      '  ',
    );
  } finally {
    database.close();
  }
}

/** Writes sample data below `out`, folds it and prints some rows and what to do next. */
export async function demo({ out, events }: DemoArguments): Promise<void> {
  const result = join(out, 'result');
  checkTarget(result);
  await rm(join(out, 'input'), { recursive: true, force: true });
  process.stderr.write(`Writing sample events to ${join(out, 'input')}\n`);
  const { inputs, videosPath } = await writeSampleData(join(out, 'input'), events);
  const progress = showProgress(process.stderr);
  const summary = await run({ inputs, videos: videosPath, out: result, onProgress: progress.show });
  progress.end();
  const count = new Intl.NumberFormat('en-US');
  const lines = [
    `Folded ${count.format(summary.events.read)} events to ${count.format(summary.result.rows)} rows in ` +
      `${summary.seconds.toFixed(1)} s. Five of them:`,
    '',
    ...(await showRows(result)),
    '',
    `Output   ${join(result, ENGAGEMENT)}, and its summary in ${join(result, '_run.json')}`,
    `Query    npx playfold query ${result} "select * from engagement where userId = 'peter'"`,
    `Report   npx playfold report ${result} --out ${join(out, 'report.html')}`,
    `Your own npx playfold run <files or folder> --videos ${videosPath} --out <folder>`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
