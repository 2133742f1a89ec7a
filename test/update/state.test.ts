import { readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Database, quoteText } from '../../src/duckdb.ts';
import { readResult, writeText } from '../built-cli.ts';
import { event, runWhole, update, updateFolder, writeEvents } from './updates.ts';

const folder = updateFolder();

/** Two days of ann's, of which the second is still open; bob's are over. */
const first = [
  event(1, 600, 'play', 0, 'bob'),
  event(1, 601, 'pause', 60, 'bob'),
  event(2, 599, 'play', 0),
  event(2, 600, 'pause', 60),
];
const videos = writeText(join(folder, 'videos.csv'), 'videoId,duration,title\nv1,300,First\n');
const second = [event(2, 610, 'play', 60), event(2, 611, 'pause', 120), event(3, 0, 'play', 0, 'eve')];

interface StateText {
  format: number;
  openPairs: string;
  totals: { rowCount: number };
  sums: Record<string, { rows: number; events: number; rowHash: string }>;
}

let count = 0;

/** An update of two calls; `tamper` gets what the first left behind. */
async function tampered(tamper: (state: StateText, folder: string) => void | Promise<void>) {
  const base = join(folder, `case-${++count}`);
  const [inputs, out] = [join(base, 'events'), join(base, 'out')];
  writeEvents(join(inputs, '1.ndjson'), first);
  await update({ inputs: [inputs], out, partitionBy: 'day', videos });
  const path = join(out, '_state', 'state.json');
  const state = JSON.parse(readFileSync(path, 'utf8')) as StateText;
  await tamper(state, join(out, '_state'));
  writeFileSync(path, JSON.stringify(state));
  writeEvents(join(inputs, '2.ndjson'), second);
  return { inputs: [inputs], out, partitionBy: 'day' as const, videos };
}

describe('the check of an update', () => {
  it('is passed with the sums of the files that were not read again', async () => {
    const options = await tampered(() => undefined);
    const summary = await update(options);
    expect(summary.update).toMatchObject({ rowsChanged: 2, filesWritten: 2, filesLinked: 1 });
    const whole = await runWhole({ ...options, out: join(folder, 'run') });
    expect(summary).toMatchObject({
      contentHash: whole.contentHash,
      result: whole.result,
      tables: whole.tables,
    });
  });

  it.each<[string, (state: StateText, folder: string) => void | Promise<void>, RegExp]>([
    [
      'a linked file has other rows than the state says',
      ({ sums }) => {
        const linked = Object.keys(sums).find((path) => path.includes('2026-01-01'))!;
        sums[linked]!.rows += 1;
      },
      /rows are all those that were folded \(1 violations\)/,
    ],
    [
      'a linked file has other events than the state says',
      ({ sums }) => {
        const linked = Object.keys(sums).find((path) => path.includes('2026-01-01'))!;
        sums[linked]!.events -= 1;
      },
      /events are all those that were kept \(1 violations\)/,
    ],
    [
      'the state forgot a row that is to be replaced, and so it stays beside the new one',
      async ({ openPairs }, state) => {
        const path = quoteText(join(realpathSync(state), openPairs));
        const database = await Database.open({ threads: 1, memoryBytes: 1e8, tempFolder: tmpdir() });
        await database.run(`CREATE TABLE pairs AS SELECT * FROM read_parquet(${path}) LIMIT 0`);
        await database.run(`COPY pairs TO ${path} (FORMAT parquet)`);
        database.close();
      },
      /events are all those that were kept \(2 violations\)/,
    ],
    [
      'the state counts a row that is nowhere',
      ({ totals }) => {
        totals.rowCount += 1;
      },
      /rows are all those that were folded \(1 violations\)/,
    ],
  ])('finds that %s', async (_name, tamper, message) => {
    const options = await tampered(tamper);
    const before = await readResult(options.out);
    await expect(update(options)).rejects.toThrow(message);
    expect(await readResult(options.out)).toEqual(before);
  });
});

describe('a state', () => {
  it('of another format is refused, with what to do', async () => {
    const options = await tampered((state) => {
      state.format = 1;
    });
    const refused = update(options);
    await expect(refused).rejects.toMatchObject({ exitCode: 2 });
    await expect(refused).rejects.toThrow(
      /wrote its state in another format .* fold all of them again with playfold run, or .* into a new folder/,
    );
  });

  it('holds the files that README.md names', async () => {
    const { out } = await tampered(() => undefined);
    const names = readdirSync(join(out, '_state')).map((name) => name.replace(/-\d{8}T.*\./, '.'));
    expect(names.sort()).toEqual([
      'median-windows.parquet',
      'open.bin',
      'pairs.parquet',
      'percentages.parquet',
      'rows.parquet',
      'state.json',
      'users.parquet',
      'video-sums.parquet',
      'videos.parquet',
    ]);
  });
});
