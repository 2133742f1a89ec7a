import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateLake } from '../../src/generate/lake.ts';
import { readResult, writeText } from '../built-cli.ts';
import { event, runWhole, toNdjson, update, updateFolder, writeEvents } from './updates.ts';

const folder = updateFolder();
const path = (...names: readonly string[]): string => join(folder, ...names);

const dayOf = (day: number, user = 'ann') => [
  event(day, 600, 'play', 0, user),
  event(day, 601, 'pause', 60, user),
  event(day, 602, 'resume', 60, user),
];

describe('what an update reads', () => {
  it('is the files that were not read before, and nothing where there are none', async () => {
    const [inputs, out] = [path('new', 'events'), path('new', 'out')];
    writeEvents(join(inputs, '1.ndjson'), dayOf(1));
    expect((await update({ inputs: [inputs], out })).update).toMatchObject({ isFirst: true });
    writeEvents(join(inputs, '2.ndjson'), dayOf(2));
    const second = await update({ inputs: [inputs], out });
    expect(second.update).toMatchObject({ isFirst: false, inputs: { read: 1, skipped: 1 }, rowsChanged: 1 });
    expect(second.events).toMatchObject({ read: 3, kept: 3, folded: 3, duplicates: 0 });
    expect(await update({ inputs: [inputs], out })).toMatchObject({ unchanged: true });
    expect(second.contentHash).toBe(
      (await runWhole({ inputs: [inputs], out: path('new', 'run') })).contentHash,
    );
  });

  it('may be nothing at first, where an empty result is allowed', async () => {
    const [inputs, out] = [path('empty', 'events'), path('empty', 'out')];
    writeEvents(join(inputs, '1.ndjson'), []);
    await update({ inputs: [inputs], out, allowEmpty: true });
    writeEvents(join(inputs, '2.ndjson'), dayOf(1));
    expect((await update({ inputs: [inputs], out })).events).toMatchObject({ read: 3, folded: 3 });
  });

  it('may be named by a list', async () => {
    const out = path('list', 'out');
    const files = [1, 2].map((day) => writeEvents(path('list', `${day}.ndjson`), dayOf(day)));
    const list = writeText(path('list', 'files'), `${files.join('\n')}\n`);
    expect((await update({ filesFrom: list, out })).update?.inputs.read).toBe(2);
    await expect(update({ filesFrom: path('list', 'none'), out })).rejects.toThrow(/--files-from .*ENOENT/);
    await expect(update({ out })).rejects.toThrow(/no input/);
  });

  it('is a window of a file, each window once, and each row without a timestamp once', async () => {
    const out = path('window', 'out');
    const rows = [...dayOf(1), ...dayOf(2), ...dayOf(3), { ...dayOf(1)[0]!, timestamp: null }];
    const inputs = [writeEvents(path('window', 'log.ndjson'), rows)];
    const call = (since: string | undefined, until: string | undefined) =>
      update({ inputs, out, since, until });
    expect((await call('2026-01-02', '2026-01-03')).events).toMatchObject({ read: 4, kept: 3 });
    expect((await call('2026-01-02', '2026-01-03')).unchanged).toBe(true);
    expect((await call('2026-01-02', undefined)).events).toMatchObject({ read: 3, kept: 3 });
    const last = await call(undefined, undefined);
    expect(last.events).toMatchObject({ read: 3, kept: 3 });
    expect(last.contentHash).toBe((await runWhole({ inputs, out: path('window', 'run') })).contentHash);
  });

  it('may be the end of a log that grows, if a window says so', async () => {
    const out = path('grows', 'out');
    const log = writeEvents(path('grows', 'log.ndjson'), dayOf(1));
    await update({ inputs: [log], out, until: '2026-01-02' });
    appendFileSync(log, toNdjson(dayOf(2)));
    const next = await update({ inputs: [log], out, since: '2026-01-02', until: '2026-01-03' });
    expect(next.contentHash).toBe((await runWhole({ inputs: [log], out: path('grows', 'run') })).contentHash);
    appendFileSync(log, toNdjson(dayOf(3)));
    await expect(update({ inputs: [log], out })).rejects.toThrow(/log\.ndjson: changed since it was read/);
  });
});

describe('a file that changed', () => {
  it('is refused by name, or all is folded again', async () => {
    const [inputs, out] = [path('changed', 'events'), path('changed', 'out')];
    writeEvents(join(inputs, '1.ndjson'), dayOf(1));
    writeEvents(join(inputs, '2.ndjson'), dayOf(2));
    const before = await update({ inputs: [inputs], out });
    writeEvents(join(inputs, '1.ndjson'), [...dayOf(1), ...dayOf(1, 'bob')]);
    const refused = update({ inputs: [inputs], out });
    await expect(refused).rejects.toMatchObject({ exitCode: 4 });
    await expect(refused).rejects.toThrow(/1\.ndjson: changed since it was read.*--changed reprocess/);
    expect(JSON.parse(readFileSync(join(out, '_run.json'), 'utf8')).summary.contentHash).toBe(
      before.contentHash,
    );
    const again = await update({ inputs: [join(inputs, '1.ndjson')], out, changed: 'reprocess' });
    expect(again.update).toMatchObject({ isFirst: true, inputs: { read: 2, changed: 1 } });
    expect(again.contentHash).toBe(
      (await runWhole({ inputs: [inputs], out: path('changed', 'run') })).contentHash,
    );
    rmSync(join(inputs, '2.ndjson'));
    writeEvents(join(inputs, '1.ndjson'), dayOf(1));
    await expect(update({ inputs: [inputs], out, changed: 'reprocess' })).rejects.toThrow(
      /2\.ndjson: is gone since it was read, and is needed to fold everything again/,
    );
  });
});

describe('a late event', () => {
  const first = [...dayOf(1), ...dayOf(2, 'bob'), ...dayOf(1, 'eve')];
  const late = [event(1, 610, 'pause', 500), event(1, 603, 'pause', 90, 'eve')];
  const begin = async (name: string) => {
    const [inputs, out] = [path(name, 'events'), path(name, 'out')];
    writeEvents(join(inputs, '1.ndjson'), first);
    await update({ inputs: [inputs], out });
    writeEvents(join(inputs, '2.ndjson'), [...late, ...dayOf(3, 'bob')]);
    return { inputs: [inputs], out };
  };

  it('makes its pair be folded again from the inputs', async () => {
    const options = await begin('reprocess');
    const summary = await update(options);
    expect(summary.update?.late).toEqual({ mode: 'reprocess', events: 2, pairs: 2 });
    const whole = await runWhole({ ...options, out: path('reprocess', 'run') });
    expect(summary.contentHash).toBe(whole.contentHash);
  });

  it('needs the inputs for that', async () => {
    const options = await begin('gone');
    rmSync(join(options.inputs[0]!, '1.ndjson'));
    const refused = update(options);
    await expect(refused).rejects.toThrow(/1\.ndjson: is gone since it was read, and is needed to fold late/);
    await expect(refused).rejects.toMatchObject({ exitCode: 4 });
  });

  it('is set aside, until its pair is folded again', async () => {
    const options = await begin('quarantine');
    const [events] = options.inputs as [string];
    const summary = await update({ ...options, late: 'quarantine' });
    expect(summary.update?.late).toEqual({ mode: 'quarantine', events: 2, pairs: 2 });
    expect(summary.events).toMatchObject({ read: 5, kept: 5, folded: 3, duplicates: 0 });
    const rest = writeEvents(path('quarantine', 'rest.ndjson'), dayOf(3, 'bob'));
    await runWhole({ inputs: [join(events, '1.ndjson'), rest], out: path('quarantine', 'without') });
    expect(await readResult(options.out)).toEqual(await readResult(path('quarantine', 'without')));
    const [name = ''] = readdirSync(join(options.out, '_late'));
    const aside = await runWhole({
      inputs: [join(options.out, '_late', name)],
      out: path('quarantine', 'late'),
    });
    expect(aside.events).toMatchObject({ read: 2, kept: 2 });

    writeEvents(join(events, '3.ndjson'), [event(1, 604, 'play', 80), event(1, 604, 'play', 80, 'eve')]);
    const again = await update(options);
    expect(readdirSync(join(options.out, '_late'))).toEqual([name]);
    const whole = await runWhole({ inputs: [events], out: path('quarantine', 'whole') });
    expect(again.contentHash).toBe(whole.contentHash);
  });

  it('can be refused', async () => {
    const options = await begin('fail');
    const refused = update({ ...options, late: 'fail' });
    await expect(refused).rejects.toMatchObject({ exitCode: 4 });
    await expect(refused).rejects.toThrow(/events of 2 user x video pairs came later than --lateness allows/);
  });

  it('is none where nothing is folded that it could change', async () => {
    const options = await begin('early');
    writeEvents(join(options.inputs[0]!, '2.ndjson'), [...dayOf(1, 'new'), event(1, 900, 'play', 0)]);
    const summary = await update({ ...options, late: 'fail' });
    expect(summary.update?.late.events).toBe(0);
    const whole = await runWhole({ ...options, out: path('early', 'run') });
    expect(summary.contentHash).toBe(whole.contentHash);
  });
});

describe('the rest of the result', () => {
  it('changes with metadata and estimated durations, in files without new events too', async () => {
    const [inputs, out] = [path('durations', 'events'), path('durations', 'out')];
    writeEvents(join(inputs, '1.ndjson'), [...dayOf(1), ...dayOf(2, 'bob')]);
    await update({ inputs: [inputs], out });
    writeEvents(join(inputs, '2.ndjson'), [event(5, 0, 'play', 0, 'eve'), event(5, 4, 'end', 240, 'eve')]);
    const longer = await update({ inputs: [inputs], out });
    expect(longer.update).toMatchObject({ rowsChanged: 3, filesWritten: 3, filesLinked: 0 });
    const videos = writeText(path('durations', 'videos.csv'), 'videoId,duration,title\nv1,300,First\n');
    const named = await update({ inputs: [inputs], out, videos });
    expect(named.update).toMatchObject({ rowsChanged: 3, inputs: { read: 0 } });
    const whole = await runWhole({ inputs: [inputs], out: path('durations', 'run'), videos });
    expect(named.contentHash).toBe(whole.contentHash);
  });

  it('keeps files of days that nothing happened to, and stays small over many updates', async () => {
    const [inputs, out] = [path('many', 'events'), path('many', 'out')];
    let summary = null;
    for (let day = 1; day <= 18; day++) {
      writeEvents(join(inputs, `${day}.ndjson`), dayOf(day, `user ${day}`));
      summary = await update({ inputs: [inputs], out });
    }
    expect(summary?.update).toMatchObject({ filesWritten: 2, filesLinked: 16 });
    expect(readdirSync(join(out, '_state')).length).toBeLessThan(24);
    const whole = await runWhole({ inputs: [inputs], out: path('many', 'run') });
    expect(summary?.contentHash).toBe(whole.contentHash);
  });

  it.each(['bucket:100', 'day', 'month'])(
    'is the same where places of the first call are written in groups: %s',
    async (by) => {
      const partitionBy = by as 'day';
      const { eventsPath: inputs, videosPath: videos } = await generateLake({
        ...{ eventCount: 20_000, userCount: 400, videoCount: 10, dayCount: 90, seed: 4 },
        outDir: path(`groups ${by}`),
      });
      const options = { inputs: [inputs], videos, partitionBy };
      const updated = await update({ ...options, out: path(`groups ${by}`, 'out'), memory: '256MB' });
      const whole = await runWhole({ ...options, out: path(`groups ${by}`, 'run'), memory: '256MB' });
      expect(updated.contentHash).toBe(whole.contentHash);
      expect(updated.update?.filesWritten).toBeGreaterThan(30);
    },
  );

  it('is the same for worker threads, spilled rows and several passes, on a larger history', async () => {
    const { eventsPath: all, videosPath: videos } = await generateLake({
      ...{ eventCount: 60_000, userCount: 300, videoCount: 40, seed: 3 },
      outDir: path('lake'),
    });
    const files = readdirSync(all)
      .sort()
      .map((name) => join(all, name));
    const out = path('lake', 'out');
    // Few values around a median: some leave their windows, and are read again.
    const sizes = { medianWindows: { leastRanks: 2, mostChanged: 1 } };
    await update({ inputs: files.slice(0, 1), out, videos }, sizes);
    await update({ inputs: files.slice(0, 2), out, videos, threads: 2 }, sizes);
    const last = await update({ inputs: files, out, videos, memory: '256MB' }, sizes);
    const whole = await runWhole({ inputs: files, out: path('lake', 'run'), videos });
    expect(last.contentHash).toBe(whole.contentHash);
    expect(last.tables).toEqual(whole.tables);
  });
});

describe('a result is refused', () => {
  it.each([
    ['other thresholds', { config: { toleranceSeconds: 7 } }, /toleranceSeconds was 5 and is now 7/],
    [
      'another score',
      { config: { engagement: { formula: 'points' as const } } },
      /engagement\.formula was "norm/,
    ],
    ['no unique seconds', { uniqueSeconds: false }, /uniqueSeconds was true and is now false.*playfold run/],
  ])('for %s', async (name, options, message) => {
    const inputs = [writeEvents(path('refused', `${name}.ndjson`), dayOf(1))];
    const out = path('refused', name);
    await update({ inputs, out });
    await expect(update({ inputs, out, ...options })).rejects.toThrow(message);
    await expect(update({ inputs, out, ...options })).rejects.toMatchObject({ exitCode: 2 });
  });

  it('for inputs of a dialect that none before was of', async () => {
    const inputs = [writeEvents(path('dialects', '1.ndjson'), dayOf(1))];
    const out = path('dialects', 'out');
    await update({ inputs, out });
    const row = {
      timestamp: '2026-01-02T00:00:00Z',
      userId: 'ann',
      sessionId: 's',
      type: 'play',
      currentTime: 0,
    };
    const html5 = writeText(
      path('dialects', '2.ndjson'),
      `${JSON.stringify({ ...row, currentSrc: 'v1' })}\n`,
    );
    const refused = update({ inputs: [...inputs, html5], out });
    await expect(refused).rejects.toThrow(/no input before was of the dialect html5/);
    await expect(refused).rejects.toMatchObject({ exitCode: 2 });
  });

  it('without state, and gets rid of it by a run', async () => {
    const inputs = [writeEvents(path('stateless.ndjson'), dayOf(1))];
    const out = path('stateless');
    await update({ inputs, out });
    expect(existsSync(join(out, '_state', 'state.json'))).toBe(true);
    await runWhole({ inputs, out });
    expect(existsSync(join(out, '_state'))).toBe(false);
    await expect(update({ inputs, out })).rejects.toThrow(/holds no state to add to/);
  });
});

describe('what only a run can do', () => {
  it.each([
    [
      { tables: ['engagement' as const, 'sessions' as const] },
      /--tables sessions: update keeps the tables engagement and videos/,
    ],
    [{ quarantine: path('refused', 'rows') }, /--quarantine .*: update keeps no invalid rows/],
  ])('is refused: %o', async (options, message) => {
    const inputs = [writeEvents(path('refused', '1.ndjson'), dayOf(1))];
    const refused = update({ inputs, out: path('refused', 'out'), ...options });
    await expect(refused).rejects.toMatchObject({ exitCode: 2 });
    await expect(refused).rejects.toThrow(message);
    expect(existsSync(path('refused', 'out'))).toBe(false);
  });
});
