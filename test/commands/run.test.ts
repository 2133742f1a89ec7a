import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quoteText } from '../../src/duckdb.ts';
import { scenarioLines } from '../../src/sample/sample-data.ts';
import { playfold, readResult, runJson, temporaryFolder, withDatabase, writeText } from '../built-cli.ts';

const folder = temporaryFolder();
const events = writeText(join(folder, 'events.ndjson'), scenarioLines());
const path = (...names: readonly string[]): string => join(folder, ...names);

const COLUMNS = [
  'userId VARCHAR',
  'videoId VARCHAR',
  'videoTitle VARCHAR',
  'videoDuration DOUBLE',
  'durationSource VARCHAR',
  'totalWatchTime DOUBLE',
  'totalUniqueSecondsWatched DOUBLE',
  'maxPositionReached DOUBLE',
  'watchPercentage DOUBLE',
  'completionPercentage DOUBLE',
  'uniqueWatchPercentage DOUBLE',
  'sessionCount BIGINT',
  'avgWatchTimePerSession DOUBLE',
  'avgSessionDuration DOUBLE',
  'totalPauses BIGINT',
  'avgPausesPerSession DOUBLE',
  'totalForwardSkips BIGINT',
  'totalBackwardSkips BIGINT',
  'replayCount BIGINT',
  'completionCount BIGINT',
  'isCompletedAtLeastOnce BOOLEAN',
  'isReplay BOOLEAN',
  'engagementScore DOUBLE',
  'engagementTier VARCHAR',
  'firstWatchDate TIMESTAMP WITH TIME ZONE',
  'lastWatchDate TIMESTAMP WITH TIME ZONE',
  'eventCount BIGINT',
  'duplicateEventCount BIGINT',
  'segmentCount BIGINT',
  'rejectedSegmentCount BIGINT',
  'unclosedSegmentCount BIGINT',
  'dataQualityFlag VARCHAR',
  'dataQualityFlags VARCHAR[]',
  'watchedRanges STRUCT("start" DOUBLE, "end" DOUBLE)[]',
];

describe('the output folder', () => {
  it('holds month folders of Parquet with the columns of SPEC.md section 4, and a manifest', async () => {
    const out = path('result');
    const summary = runJson(events, '--out', out);
    expect(readdirSync(join(out, 'engagement')).sort()).toEqual([
      'firstWatchMonth=2026-01',
      'firstWatchMonth=2026-02',
      'firstWatchMonth=2026-03',
    ]);
    const manifest = JSON.parse(readFileSync(join(out, '_run.json'), 'utf8'));
    expect(manifest).toMatchObject({ version: '0.1.0', summary: { contentHash: summary.contentHash } });
    expect(manifest.config.maxSegmentSeconds).toBe(14400);
    const own = manifest.files.filter(({ path }: { path: string }) => path.startsWith('engagement/'));
    const rows = own.reduce((sum: number, file: { rows: number }) => sum + file.rows, 0);
    expect(rows).toBe(summary.result.rows);
    await withDatabase(async (database) => {
      const file = quoteText(join(out, manifest.files[0].path));
      const described = await database.rows<{ name: string; type: string }>(
        `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM read_parquet(${file}, hive_partitioning = false))`,
      );
      expect(described.map(({ name, type }) => `${name} ${type}`)).toEqual(COLUMNS);
      const [meta] = await database.rows<{ compression: string; utc: boolean }>(
        `SELECT any_value(compression) AS compression FROM parquet_metadata(${file})`,
      );
      expect(meta?.compression).toBe('ZSTD');
      const [timestamp] = await database.rows<{ logical_type: string }>(
        `SELECT logical_type FROM parquet_schema(${file}) WHERE name = 'firstWatchDate'`,
      );
      expect(timestamp?.logical_type).toMatch(/isAdjustedToUTC=1/);
    });
  });

  it.each([
    ['day', /^firstWatchDay=\d{4}-\d{2}-\d{2}$/],
    ['bucket:3', /^userBucket=[012]$/],
    ['none', /^data_0-[\da-f]{8}\.parquet$/],
  ])('is divided by %s', (partitionBy, names) => {
    const out = path(`by-${partitionBy.replace(':', '-')}`);
    runJson(events, '--out', out, '--partition-by', partitionBy);
    for (const name of readdirSync(join(out, 'engagement'))) expect(name).toMatch(names);
  });

  it('is replaced as a whole by the next run; the version before is kept beside it', () => {
    const out = path('again', 'result');
    runJson(events, '--out', out);
    runJson(events, '--out', out, '--partition-by', 'none');
    expect(readdirSync(join(out, 'engagement'))).toEqual([expect.stringMatching(/^data_0-/)]);
    expect(readdirSync(path('again'))).toEqual(['.result.playfold', 'result']);
    expect(readdirSync(path('again', '.result.playfold'))).toHaveLength(2);
  });

  it('leaves out unique seconds when asked, and changes nothing else that does not need them', async () => {
    runJson(events, '--out', path('unique'));
    runJson(events, '--out', path('no-unique'), '--no-unique-seconds');
    const [withUnique, without] = [await readResult(path('unique')), await readResult(path('no-unique'))];
    const depends = /^(totalUnique|uniqueWatch|watchedRanges|engagement|dataQuality)/;
    const rest = (rows: Record<string, unknown>[]) =>
      rows.map((row) => Object.entries(row).filter(([name]) => !depends.test(name)));
    expect(rest(without)).toEqual(rest(withUnique));
    for (const row of without)
      expect(row).toMatchObject({ totalUniqueSecondsWatched: null, watchedRanges: null });
  });
});

describe('what is read', () => {
  it('is the same for a file, a folder and a glob, with names starting with _ or . skipped', () => {
    const lines = scenarioLines().trimEnd().split('\n');
    writeText(path('lake', 'a', 'one.ndjson'), `${lines.slice(0, 30).join('\n')}\n`);
    writeText(path('lake', 'b', 'two.jsonl'), `${lines.slice(30).join('\n')}\n`);
    writeText(path('lake', '_temporary', 'three.ndjson'), 'not json\n');
    writeText(path('lake', '.hidden.ndjson'), 'not json\n');
    writeText(path('lake', 'README.md'), 'not data\n');
    const expected = runJson(events, '--out', path('from-file')).contentHash;
    expect(runJson(path('lake'), '--out', path('from-folder')).contentHash).toBe(expected);
    expect(runJson(path('lake', '*', '*.*'), path('lake'), '--out', path('from-glob')).contentHash).toBe(
      expected,
    );
  });

  it('may have names with brackets, quotes and spaces', async () => {
    const odd = writeText(path("o[d]d 'lake'", 'a[1] "b" *.ndjson'), scenarioLines());
    const out = path("o[u]t 'put'");
    expect(runJson(odd, '--out', out).result.rows).toBe(31);
    expect(await readResult(out)).toHaveLength(31);
  });

  it('is told by content where the ending says nothing', () => {
    writeText(path('export', 'part-0001'), scenarioLines());
    expect(runJson(path('export', 'part-0001'), '--out', path('sniffed')).events.read).toBeGreaterThan(50);
  });

  it('is what lies between --since and --until, and rows without a timestamp', () => {
    const lines = [
      '2026-01-31T23:59:59.999Z',
      '2026-02-01T00:00:00Z',
      '2026-02-28T23:59:59Z',
      '2026-03-01T00:00:00Z',
      null,
    ]
      .map((timestamp) => ({
        timestamp,
        userId: 'u',
        sessionId: 's',
        videoId: 'v',
        eventName: 'play',
        currentTime: 0,
      }))
      .map((row) => JSON.stringify(row));
    const input = writeText(path('window.ndjson'), lines.join('\n'));
    const summary = runJson(
      input,
      '--since',
      '2026-02-01',
      '--until',
      '2026-03-01T00:00:00Z',
      '--out',
      path('window'),
    );
    expect(summary.events).toMatchObject({ read: 3, kept: 2, invalidByReason: { missing_timestamp: 1 } });
  });

  it('may be nothing, with --allow-empty', async () => {
    const empty = writeText(path('empty.ndjson'), '');
    const summary = runJson(empty, '--out', path('empty'), '--allow-empty');
    expect(summary.result.rows).toBe(0);
    expect(await readResult(path('empty'))).toEqual([]);
  });
});

describe('what is printed', () => {
  it('is a summary that reconciles', () => {
    const { code, stdout, stderr } = playfold(['run', events, '--out', path('printed')]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/read (\d+) = kept \d+ \+ invalid 3\n/);
    expect(stdout).toMatch(/kept \d+ = folded \d+ \+ duplicates 1\n/);
    expect(stdout).toMatch(/31 rows: 30 users, 3 videos/);
    expect(stdout).toMatch(/very_short_watch: \d+/);
  });

  it('is one JSON object with --json, and nothing with --quiet', () => {
    const json = playfold(['run', events, '--out', path('json'), '--json']);
    const { events: account } = JSON.parse(json.stdout);
    expect(json.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(account.read).toBe(account.kept + account.invalid);
    expect(account.kept).toBe(account.folded + account.duplicates);
    expect(playfold(['run', events, '--out', path('quiet'), '--quiet'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('counts unknown event names by name', () => {
    const rows = ['Buffering', 'Buffering', 'Error', 'play']
      .map((eventName) => ({
        timestamp: '2026-01-01',
        userId: 'u',
        sessionId: 's',
        videoId: 'v',
        eventName,
        currentTime: 0,
      }))
      .map((row) => JSON.stringify(row));
    const summary = runJson(writeText(path('unknown.ndjson'), rows.join('\n')), '--out', path('unknown'));
    expect(summary.events.unknownEventNames).toEqual({ Buffering: 2, Error: 1 });
  });
});

describe('the configuration', () => {
  const home = path('home');
  writeText(
    join(home, 'playfold.yaml'),
    `inputs: [${JSON.stringify(events)}]\nout: result\nmaxSegmentSeconds: 50\n`,
  );

  it('of playfold.yaml in the working folder is enough to run, and stands in the manifest', () => {
    const { code, stderr } = playfold(['run'], { cwd: home, env: { PLAYFOLD_SHORT_WATCH_SECONDS: '20' } });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'playfold: options from playfold.yaml; --no-config leaves it out.\n',
    });
    const manifest = JSON.parse(readFileSync(join(home, 'result', '_run.json'), 'utf8'));
    expect(manifest.config).toMatchObject({ maxSegmentSeconds: 50, shortWatchSeconds: 20 });
  });

  it('is printed by --print-config, which runs nothing', () => {
    const { code, stdout } = playfold(['run', '--print-config', '--out', 'other', '--json'], { cwd: home });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      out: { value: 'other', from: '--out' },
      maxSegmentSeconds: { value: 50, from: 'playfold.yaml:3:1' },
    });
    expect(existsSync(join(home, 'other'))).toBe(false);
  });
});

describe('an error', () => {
  const noUser = writeText(
    path('no-user.csv'),
    'timestamp,usr,sessionId,videoId,eventName,currentTime\n2026-01-01,u,s,v,play,0\n',
  );
  const broken = path('broken.parquet');
  writeFileSync(broken, 'PAR1 but nothing more');
  const badYaml = writeText(path('bad.yaml'), 'maxSegmentSeconds: [1\n');
  const badKey = writeText(path('key.yaml'), 'maxSegmentSecond: 1\n');
  const badNested = writeText(path('nested.yaml'), 'engagement:\n  formla: points\n');
  const badValue = writeText(path('value.yaml'), 'maxPlaybackRate: fast\n');
  const twice = writeText(path('twice.csv'), 'videoId,duration,title\nv1,300,A\nv1,301,A\n');
  const foreign = path('foreign');
  writeText(join(foreign, 'thesis.txt'), 'mine');
  const out = path('never');

  // biome-ignore format: a table
  const cases: readonly (readonly [string, number, RegExp, readonly string[]])[] = [
    ['no command', 2, /Name a command/, []],
    ['a mistyped command', 2, /Unknown command runn\. Did you mean run\?/, ['runn', events, '--out', out]],
    ['an unknown flag', 2, /Unknown flag --memroy\. Did you mean --memory\?/, ['run', events, '--out', out, '--memroy', '1GB']],
    ['no input', 2, /no input: name at least one file, folder or glob/, ['run', '--out', out]],
    ['no --out', 2, /no --out: name the folder to write/, ['run', events]],
    ['threads that are no number', 2, /--threads 0: expected a whole number from 1/, ['run', events, '--out', out, '--threads', '0']],
    ['a size that is none', 2, /--memory lots: expected a size such as 512MB/, ['run', events, '--out', out, '--memory', 'lots']],
    ['too little memory', 2, /--memory 1MB: too small; a run needs at least 256MB/, ['run', events, '--out', out, '--memory', '1MB']],
    ['a time that is none', 2, /--since yesterday: expected a date/, ['run', events, '--out', out, '--since', 'yesterday']],
    ['an empty window', 2, /--until 2026-01-01: must be later than since/, ['run', events, '--out', out, '--since', '2026-02-01', '--until', '2026-01-01']],
    ['an unknown partitioning', 2, /--partition-by week: expected month, day, none, or bucket:N/, ['run', events, '--out', out, '--partition-by', 'week']],
    ['a configuration that is not there', 2, /--config .*nothing.yaml: there is no such file/, ['run', events, '--out', out, '--config', path('nothing.yaml')]],
    ['a configuration that is not YAML', 2, /bad.yaml:2:1: not valid YAML/, ['run', events, '--out', out, '--config', badYaml]],
    ['an unknown key', 2, /key.yaml:1:1: unknown key 'maxSegmentSecond'; did you mean 'maxSegmentSeconds'\?/, ['run', events, '--out', out, '--config', badKey]],
    ['an unknown nested key', 2, /unknown key 'engagement.formla'; did you mean 'formula'\?/, ['run', events, '--out', out, '--config', badNested]],
    ['a value of the wrong type', 2, /value.yaml:1:18: 'maxPlaybackRate': expected a number from 0\.1 to 64, not "fast"/, ['run', events, '--out', out, '--config', badValue]],
    ['a folder that is not ours', 2, /foreign: the folder is not empty and holds no _run.json/, ['run', events, '--out', foreign]],
    ['a file in place of the folder', 2, /this is a file; name a folder/, ['run', events, '--out', events]],
    ['an input that is not there', 4, /gone.parquet: there is no such file or folder/, ['run', path('gone.parquet'), '--out', out]],
    ['a glob without files', 4, /no file matches this glob/, ['run', path('*.orc'), '--out', out]],
    ['a folder without data', 4, /no rows to read; .*--allow-empty/, ['run', foreign, '--out', out]],
    ['an empty file', 4, /no rows to read/, ['run', writeText(path('zero.ndjson'), ''), '--out', out]],
    ['a missing column', 4, /no-user.csv: column 'userId' is missing; found: timestamp, usr, .*nearest is 'usr': add --columns userId=usr/, ['run', noUser, '--out', out]],
    ['a Parquet file that is none', 4, /broken.parquet: cannot be read as parquet/, ['run', broken, '--out', out]],
    ['metadata that is not there', 4, /films.csv: there is no such file/, ['run', events, '--out', out, '--videos', path('films.csv')]],
    ['metadata without videoId', 4, /vid.csv: column 'videoId' is missing.*nearest is 'vidio_id': add --video-columns videoId=vidio_id/, ['run', events, '--out', out, '--videos', writeText(path('vid.csv'), 'vidio_id,duration\nv,1\n')]],
    ['metadata in two files', 4, /--videos .*lake: found 2 files; name one/, ['run', events, '--out', out, '--videos', path('lake')]],
    ['a video with two durations', 4, /twice.csv: video 'v1' stands there twice with different values/, ['run', events, '--out', out, '--videos', twice]],
  ];

  it.each(cases)('for %s ends with %i and one line that says what to do', (_, exitCode, message, args) => {
    const { code, stdout, stderr } = playfold(args);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).not.toMatch(/\bat .*\.js:/);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder).filter((entry) => entry.startsWith('.never'))).toEqual([]);
  });

  it('for a folder that cannot be written ends with 74', () => {
    const locked = path('locked');
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    // Root writes anywhere: a file where a folder is needed stands in for the permission.
    const target = process.getuid?.() === 0 ? join(events, 'below') : join(locked, 'below');
    const { code, stderr } = playfold(['run', events, '--out', target]);
    expect(stderr).toMatch(/cannot be written \((EACCES|ENOTDIR)\)/);
    expect(code).toBe(74);
  });
});
