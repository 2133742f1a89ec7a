import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { runPipeline } from '../../dist/pipeline.js';
import { type RunOptions, resolveOptions, type WorkSizes } from '../../dist/run-options.js';
import { quoteText } from '../../src/duckdb.ts';
import type { SampleEvent } from '../../src/sample/scenarios.ts';
import { playfold, temporaryFolder, withDatabase, writeText } from '../built-cli.ts';
import { FILE_NAMES, writeEvents } from '../written-events.ts';

const folder = temporaryFolder();
let runs = 0;

async function run(inputs: readonly string[], options: Partial<RunOptions> = {}, sizes: WorkSizes = {}) {
  const out = join(folder, `out-${++runs}`);
  return runPipeline(resolveOptions({ threads: 1, memory: '512MB', ...options, inputs, out }, sizes));
}

/** Texts that each format must quote, and every kind of invalid value that each can write. */
const event: fc.Arbitrary<SampleEvent> = fc.record({
  timestamp: fc.option(
    fc
      .integer({ min: 0, max: 4000 })
      .map((step) => new Date(Date.UTC(2026, 0, 31, 22) + step * 2500).toISOString()),
    { freq: 30 },
  ),
  userId: fc.constantFrom(
    'ann',
    'ann',
    'bob',
    "o'neil",
    'a "b" c',
    'x,y;z|w',
    'ü\u{1F3AC}',
    'tab\there',
    'line\nend',
    '',
    null,
  ),
  sessionId: fc.constantFrom('s1', 's1', 's2', 's3'),
  videoId: fc.constantFrom('v1', 'v1', 'v2', 'null', null),
  eventName: fc.constantFrom('play', 'play', 'pause', 'END', ' seek ', 'timeupdate', 'unheard_of'),
  currentTime: fc.option(
    fc.integer({ min: -1, max: 4000 }).map((step) => step / 8),
    { freq: 20 },
  ),
  fromTime: fc.option(fc.integer({ min: 0, max: 400 }), { freq: 3 }),
});

describe('the same events', () => {
  const rows = fc.sample(event, { numRuns: 700, seed: 11 });
  let expected: Awaited<ReturnType<typeof run>>;
  const paths = new Map<string, string>();

  beforeAll(async () => {
    await withDatabase(async (database) => {
      for (const name of FILE_NAMES) paths.set(name, await writeEvents(database, folder, name, rows));
    });
    expected = await run([paths.get('events.parquet')!]);
    expect(expected.events.read).toBe(rows.length);
    expect(expected.events.invalidByReason).toMatchObject({ malformed_row: 0 });
  });

  it.each(FILE_NAMES)('are the same in %s', async (name) => {
    const { events, contentHash } = await run([paths.get(name)!]);
    expect(events).toEqual(expected.events);
    expect(contentHash).toBe(expected.contentHash);
  });

  it('are the same in a mix of all formats, in one run of several workers', async () => {
    const part = Math.ceil(rows.length / FILE_NAMES.length);
    const mix = join(folder, 'mix');
    mkdirSync(mix);
    const files: string[] = [];
    await withDatabase(async (database) => {
      for (const [i, name] of FILE_NAMES.entries())
        files.push(await writeEvents(database, mix, name, rows.slice(i * part, (i + 1) * part)));
    });
    const { events, contentHash } = await run(files, { threads: 2 }, { rowsPerWorker: 1 });
    expect(events).toEqual(expected.events);
    expect(contentHash).toBe(expected.contentHash);
  });

  it('are the same whatever is drawn', async () => {
    const some = fc.subarray(FILE_NAMES, { minLength: 2, maxLength: 3 });
    let cases = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 2, maxLength: 40 }), some, async (drawn, names) => {
        const place = join(folder, `case-${++cases}`);
        mkdirSync(place);
        const hashes: string[] = [];
        await withDatabase(async (database) => {
          for (const name of names) {
            const { events, contentHash } = await run([await writeEvents(database, place, name, drawn)]);
            hashes.push(`${events.read} ${JSON.stringify(events.invalidByReason)} ${contentHash}`);
          }
        });
        expect(new Set(hashes).size).toBe(1);
      }),
      { numRuns: 6, seed: 5 },
    );
  });
});

describe('files of one run', () => {
  const line = (user: string, second: number, rest: object) =>
    `${JSON.stringify({ timestamp: `2026-01-01T00:00:${second}Z`, userId: user, sessionId: 's', videoId: 'v', ...rest })}\n`;

  it('may differ in their columns and types', async () => {
    const path = (name: string) => join(folder, name);
    writeText(path('old.ndjson'), line('ann', 10, { eventName: 'play', currentTime: 0 }));
    await withDatabase(async (database) => {
      await database.run(
        `COPY (SELECT 5 AS extra, 1767225620000 AS timestamp, 'ann' AS userid, 's' AS sessionId, 'v' AS videoId, 'seek' AS eventName,
         60 AS currentTime, 10::DECIMAL(9, 3) AS fromTime) TO ${quoteText(path('new.parquet'))}`,
      );
      await database.run(
        `COPY (SELECT TIMESTAMP '2026-01-01 00:00:30' AS timestamp, 'ann' AS userId, 's' AS sessionId, 'v' AS videoId, 'pause' AS eventName,
         70.0::DOUBLE AS currentTime) TO ${quoteText(path('plain.parquet'))}`,
      );
    });
    const { events, result } = await run([path('old.ndjson'), path('new.parquet'), path('plain.parquet')]);
    expect(events).toMatchObject({ read: 3, kept: 3 });
    expect(result.totalWatchSeconds).toBe(20);
  });

  it('may be whole folders, with names of all kinds', async () => {
    const names = [
      "it's.ndjson",
      'a[1].ndjson',
      'b*?.csv',
      'line\nend.jsonl',
      '"; DROP TABLE users; --.ndjson',
      'ü b.csv.gz',
    ];
    mkdirSync(join(folder, 'names'));
    for (const name of names)
      writeFileSync(
        join(folder, 'names', name),
        name.includes('.csv')
          ? 'timestamp,userId,sessionId,videoId,eventName,currentTime\n2026-01-01,ann,s,v,play,0\n'
          : line('ann', 10, { eventName: 'play', currentTime: 0 }),
      );
    expect((await run([join(folder, 'names')])).events).toMatchObject({ read: names.length, invalid: 0 });
  });

  it('may come through standard input, packed or not', () => {
    const path = join(folder, 'events.ndjson.gz');
    const viaFile = playfold(['run', path, '--out', join(folder, 'file'), '--json', '--quiet']);
    const viaPipe = playfold(['run', '-', '--out', join(folder, 'pipe'), '--json', '--quiet'], {
      inputPath: path,
    });
    expect([viaPipe.code, viaPipe.stderr]).toEqual([0, '']);
    expect(JSON.parse(viaPipe.stdout).contentHash).toBe(JSON.parse(viaFile.stdout).contentHash);
    const { inputFiles } = JSON.parse(readFileSync(join(folder, 'pipe', '_run.json'), 'utf8'));
    expect(inputFiles).toEqual([{ path: '-', bytes: statSync(path).size, mtimeMs: null }]);
  });
});
