import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlayfoldError } from '../dist/errors.js';
import { runPipeline } from '../dist/pipeline.js';
import { type RunOptions, resolveOptions, type WorkSizes } from '../dist/run-options.js';
import type { SampleEvent } from '../src/sample/scenarios.ts';
import { readManifest } from '../src/sink/manifest.ts';
import { verifyResult } from '../src/sink/verify.ts';
import { playfold, temporaryFolder, withDatabase, writeText } from './built-cli.ts';
import { writeEvents } from './written-events.ts';

const folder = temporaryFolder();
const temporary = join(folder, '_temporary');
mkdirSync(temporary);
process.env.TMPDIR = temporary;
let runs = 0;

interface KeptRow {
  readonly file: string;
  readonly row: number;
  readonly reason: string;
  readonly text?: string;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly base64?: string;
}

async function run(inputs: readonly string[], options: Partial<RunOptions> = {}, sizes: WorkSizes = {}) {
  const out = join(folder, `out-${++runs}`);
  const { events, contentHash } = await runPipeline(
    resolveOptions({ threads: 1, memory: '512MB', ...options, inputs, out }, sizes),
  );
  return { events, contentHash };
}

/** All rows that were kept, in order of file and row. */
function readKept(quarantine: string): KeptRow[] {
  return readdirSync(quarantine)
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) => readFileSync(join(quarantine, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line): KeptRow => JSON.parse(line))
    .sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.row - b.row));
}

const countBy = (reasons: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
};

const occurring = (counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));

const event: fc.Arbitrary<SampleEvent> = fc.record({
  timestamp: fc.constantFrom(
    '2026-01-31T22:00:00Z',
    '2026-01-31T22:00:00Z',
    '2026-02-01T22:00:00Z',
    'soon',
    null,
  ),
  userId: fc.constantFrom('ann', 'ann', 'bob', 'ü, "x"', '', null),
  sessionId: fc.constantFrom('s1', 's1', 's1', null),
  videoId: fc.constantFrom('v1', 'v1', 'v1', ''),
  eventName: fc.constantFrom('play', 'pause', 'END', 'unheard_of', null),
  currentTime: fc.constantFrom(0, 10, 10.5, -1, 1e8, null),
  fromTime: fc.constant(null),
});

const FORMATS = [
  'events.ndjson',
  'array.json',
  'comma.csv',
  'tab.tsv.gz',
  'events.parquet',
  'events.ndjson.zst',
];

describe('what is kept of invalid rows', () => {
  it('adds up, reason by reason, to what the kernel counted, whatever the rows and the format', async () => {
    let cases = 0;
    const files = fc.array(
      fc.record({
        rows: fc.array(event, { minLength: 1, maxLength: 30 }),
        format: fc.constantFrom(...FORMATS),
        broken: fc.nat(3),
      }),
      { minLength: 1, maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(files, fc.boolean(), async (drawn, isWindowed) => {
        const place = join(folder, `case-${++cases}`);
        const paths = await withDatabase(async (database) => {
          const written: string[] = [];
          for (const [i, { rows, format, broken }] of drawn.entries()) {
            mkdirSync(join(place, String(i)), { recursive: true });
            const path = await writeEvents(database, join(place, String(i)), format, rows);
            // Broken lines, where the format has lines.
            if (/\.(ndjson|csv)$/.test(path))
              writeFileSync(path, '{"broken, "line\n'.repeat(broken), { flag: 'a' });
            written.push(path);
          }
          return written;
        });
        const options = isWindowed ? { since: '2026-02-01' } : {};
        const plain = await run(paths, options);
        const quarantine = join(place, 'quarantine');
        const kept = await run(paths, { ...options, quarantine });
        expect(kept).toEqual(plain);
        const rows = readKept(quarantine);
        expect(countBy(rows.map(({ reason }) => reason))).toEqual(occurring(plain.events.invalidByReason));
        expect(new Set(rows.map(({ file, row }) => `${file} ${row}`)).size).toBe(rows.length);
        expect(rows).toHaveLength(plain.events.invalid);
        expect(plain.events.read).toBe(plain.events.kept + plain.events.invalid);
      }),
      { numRuns: 8, seed: 8 },
    );
  });

  const good =
    '{"timestamp":"2026-01-01T00:00:00Z","userId":"ann","sessionId":"s","videoId":"v","eventName":"play","currentTime":0}';
  const header = 'timestamp,userId,sessionId,videoId,eventName,currentTime,extra\n';

  it('names file, row and reason, and holds the line as it stood there', async () => {
    const path = join(folder, 'lines.ndjson');
    const nobody = good.replace('"ann"', '""').replace('{', '{ "n": 1.50, ');
    writeFileSync(
      path,
      Buffer.concat([
        Buffer.from(`${good}\n\n${nobody}\n42\n`),
        Buffer.from([0xff, 10]),
        Buffer.from('{"cut'),
      ]),
    );
    const quarantine = join(folder, 'of-lines');
    await run([path], { quarantine });
    expect(readKept(quarantine)).toEqual([
      { file: path, row: 2, reason: 'missing_user', text: nobody.replace('{ ', '{ ') },
      { file: path, row: 3, reason: 'malformed_row', text: '42' },
      { file: path, row: 4, reason: 'malformed_row', text: '\uFFFD', base64: '/w==' },
      { file: path, row: 5, reason: 'malformed_row', text: '{"cut' },
    ]);
  });

  it('holds every column of CSV and Parquet, also those that are not read', async () => {
    const row = '2026-01-01T00:00:00Z,,s,v,play,0,"more, and more"\n';
    const values = {
      timestamp: '2026-01-01T00:00:00Z',
      userId: null,
      sessionId: 's',
      videoId: 'v',
      eventName: 'play',
      currentTime: '0',
      extra: 'more, and more',
    };
    const whole = writeText(join(folder, 'whole.csv'), `${header}${row.replace(',,', ',ann,')}${row}`);
    const broken = writeText(join(folder, 'broken.csv'), `${header}"one\n${row}`);
    const parquet = join(folder, 'nan.parquet');
    await withDatabase((database) =>
      database.run(
        `COPY (SELECT TIMESTAMP '2026-01-01' AS timestamp, 'ann' AS "userId", 's' AS "sessionId", 'v' AS "videoId", 'play' AS "eventName",
           if(i = 7000, 'nan', '1')::DOUBLE AS "currentTime", {a: [i::INTEGER]} AS "playfold0", 9007199254740993 AS big, 'infinity'::FLOAT AS f
         FROM range(9000) AS numbers(i)) TO '${parquet}' (ROW_GROUP_SIZE 2048)`,
      ),
    );
    const quarantine = join(folder, 'of-columns');
    await run([whole, broken, parquet], { quarantine });
    expect(readKept(quarantine)).toEqual([
      { file: broken, row: 1, reason: 'malformed_row', text: '"one' },
      { file: broken, row: 2, reason: 'missing_user', values },
      {
        file: parquet,
        row: 7001,
        reason: 'bad_position',
        values: {
          timestamp: '2026-01-01 00:00:00',
          userId: 'ann',
          sessionId: 's',
          videoId: 'v',
          eventName: 'play',
          currentTime: 'nan',
          playfold0: { a: [7000] },
          big: '9007199254740993',
          f: 'inf',
        },
      },
      { file: whole, row: 2, reason: 'missing_user', values },
    ]);
    expect(JSON.parse(readFileSync(join(quarantine, '_run.json'), 'utf8'))).toMatchObject({
      read: 9004,
      invalid: 4,
    });
  });

  it('is the same from several workers', async () => {
    const inputs = Array.from({ length: 5 }, (_, i) =>
      writeText(join(folder, 'many', `${i}.ndjson`), `${good}\n{}\n`.repeat(i + 1)),
    );
    const [one, two] = [join(folder, 'one-thread'), join(folder, 'two-threads')];
    await run(inputs, { quarantine: one });
    await run(inputs, { quarantine: two, threads: 2 }, { rowsPerWorker: 1 });
    expect(readKept(two)).toEqual(readKept(one));
    expect(readKept(one)).toHaveLength(15);
  });

  it('is verified like a result, and is none', async () => {
    const input = writeText(join(folder, 'verified.ndjson'), `${good}\n{}\n{"cut\n`);
    const quarantine = join(folder, 'to-verify');
    await run([input], { quarantine });
    expect(await verifyResult(quarantine)).toMatchObject({
      files: 2,
      rows: 2,
      contentHash: null,
      differences: [],
    });
    expect(playfold(['verify', quarantine])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/to-verify: as written: 2 files, \d+ bytes, 2 rows\n$/),
    });
    await expect(readManifest(quarantine)).rejects.toThrow(/holds the invalid rows of a run, not its result/);
    const copy = join(folder, 'damaged-quarantine');
    cpSync(quarantine, copy, { recursive: true, dereference: true });
    const [lines] = readdirSync(copy).filter((name) => name.startsWith('lines-'));
    const bytes = readFileSync(join(copy, lines!));
    bytes[20]! ^= 1;
    writeFileSync(join(copy, lines!), bytes);
    writeText(join(copy, 'rows-00009.ndjson'), '{}\n');
    expect((await verifyResult(copy)).differences).toEqual([
      { path: lines, problem: expect.stringMatching(/SHA-256/) },
      { path: 'rows-00009.ndjson', problem: 'is not listed in the manifest' },
    ]);
  });

  it('never takes the place of a result, nor a result that of one', async () => {
    const input = writeText(join(folder, 'kinds.ndjson'), `${good}\n{}\n`);
    const quarantine = join(folder, 'kind');
    await run([input], { quarantine });
    await expect(run([input], { quarantine: join(folder, `out-${runs}`) })).rejects.toMatchObject({
      message: expect.stringMatching(/--quarantine .*: this holds the result of a run, which would be gone/),
      exitCode: 2,
    });
    await expect(runPipeline(resolveOptions({ inputs: [input], out: quarantine }))).rejects.toMatchObject({
      message: expect.stringMatching(/--out .*: this holds the invalid rows of a run/),
      exitCode: 2,
    });
  });

  it('replaces an earlier one, is refused a folder of others, and appears only with a whole scan', async () => {
    const input = writeText(join(folder, 'few.ndjson'), `${good}\n{}\n`);
    const quarantine = join(folder, 'again');
    await run([input], { quarantine });
    await run([input], { quarantine });
    expect(readKept(quarantine)).toHaveLength(1);
    const foreign = join(folder, 'foreign');
    writeText(join(foreign, 'notes.txt'), 'mine');
    await expect(run([input], { quarantine: foreign })).rejects.toThrow(
      /--quarantine .*foreign: the folder is not empty and holds no _run.json/,
    );
    await expect(run([input], { quarantine: join(folder, `out-${runs + 1}`, 'q') })).rejects.toThrow(
      /name a folder beside --out/,
    );
    const broken = writeText(
      join(folder, 'cut.json'),
      '[{"timestamp": 1, "userId": 2, "sessionId": 3, "videoId": 4, "eventName": 5, "currentTime": 6}, {',
    );
    await expect(run([input, broken], { quarantine: join(folder, 'never') })).rejects.toThrow(
      /cut.json: .*Malformed JSON/,
    );
    expect(readdirSync(folder).filter((name) => name.includes('never'))).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe('--max-invalid', () => {
  const good =
    '{"timestamp":"2026-01-01T00:00:00Z","userId":"ann","sessionId":"s","videoId":"v","eventName":"play","currentTime":0}\n';
  const input = writeText(
    join(folder, 'gate.ndjson'),
    `${good.repeat(197)}{}\n${good.replace('ann', '')}{"cut\n${''}`,
  );

  it.each(['1.5%', '100%', 3, '3', '2%', undefined])('%s bears 3 of 200 rows', async (maxInvalid) => {
    expect((await run([input], { maxInvalid })).events).toMatchObject({ read: 200, invalid: 3 });
  });

  it.each(['1.4%', '0%', 2, '0'])('%s does not, and nothing is published', async (maxInvalid) => {
    const failure = run([input], { maxInvalid });
    await expect(failure).rejects.toThrow(
      `3 of 200 rows (1.5 %) are invalid, more than --max-invalid ${maxInvalid} allows; the commonest reason is malformed_row (1 rows). ` +
        'Nothing was published: add --quarantine DIR to see them, or allow more with --max-invalid.',
    );
    await expect(failure).rejects.toMatchObject({ exitCode: 3 });
    await expect(failure).rejects.toBeInstanceOf(PlayfoldError);
    expect(existsSync(join(folder, `out-${runs}`))).toBe(false);
  });

  it.each(['101%', '-1', '1.5', 'few', '', '%'])('%s is refused', async (maxInvalid) => {
    await expect(run([input], { maxInvalid })).rejects.toThrow(
      /'maxInvalid': expected a share such as 1% \(at most 100%\), or a whole number/,
    );
  });

  it('ends the command with 3, and leaves the rows to be looked at where they are asked for', () => {
    const [out, quarantine] = [join(folder, 'cli-out'), join(folder, 'cli-quarantine')];
    const { code, stderr, stdout } = playfold([
      'run',
      input,
      '--out',
      out,
      '--max-invalid',
      '1%',
      '--quarantine',
      quarantine,
      '--quiet',
    ]);
    expect(stderr).toMatch(
      /^playfold: 3 of 200 rows .* Nothing was published: see them in .*cli-quarantine, or allow more with --max-invalid\.\n$/,
    );
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(existsSync(out)).toBe(false);
    expect(readKept(quarantine)).toHaveLength(3);
  });
});
