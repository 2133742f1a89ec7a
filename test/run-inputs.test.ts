import { appendFileSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runPipeline } from '../dist/pipeline.js';
import { type RunOptions, resolveOptions } from '../dist/run-options.js';
import { assertUnchanged, readInputVersions } from '../src/run-inputs.ts';
import { scenarioLines } from '../src/sample/sample-data.ts';
import type { Notice } from '../src/summary.ts';
import { playfold, temporaryFolder, writeText } from './built-cli.ts';

const folder = temporaryFolder();
const events = writeText(join(folder, 'events.ndjson'), scenarioLines());
const out = join(folder, 'watch');

const run = (options: Partial<RunOptions> = {}) =>
  runPipeline(resolveOptions({ inputs: [events], out, threads: 1, ...options }));

describe('the same run again', () => {
  it('does nothing, for whatever does not decide the result', async () => {
    expect((await run()).unchanged).toBe(false);
    for (const options of [
      {},
      { threads: 2 },
      { memory: '4GB' },
      { allowEmpty: true },
      { inputs: [events, events] },
    ]) {
      const notices: Notice[] = [];
      const again = await run({ ...options, onNotice: (notice) => notices.push(notice) });
      expect(again).toMatchObject({ unchanged: true, result: { rows: 31 } });
      expect(notices.map(({ message }) => message)).toEqual(['nothing to do']);
    }
  });

  it.each<[string, Partial<RunOptions>]>([
    ['a threshold', { config: { maxPlaybackRate: 3 } }],
    ['a partitioning', { partitionBy: 'none' }],
    ['a window', { since: '2020-01-01' }],
    ['unique seconds', { uniqueSeconds: false }],
    ['metadata', { videos: writeText(join(folder, '_videos.csv'), 'videoId,duration\nv1,300\n') }],
    ['a stricter limit', { maxInvalid: '50%' }],
    ['--force', { force: true }],
    ['--quarantine, which is to be written', { quarantine: join(folder, 'kept') }],
  ])('runs for another value of %s', async (_, options) => {
    await run();
    expect((await run(options)).unchanged).toBe(false);
  });

  it.each<[string, () => void]>([
    ['an input has another time', () => utimesSync(events, 1e9, 1e9)],
    ['an input has another size', () => appendFileSync(events, '\n')],
    ['an input is new', () => writeText(join(folder, 'lake', 'more.ndjson'), scenarioLines())],
    ['a published file is gone', () => rmSync(join(out, 'engagement'), { recursive: true })],
    ['the manifest is damaged', () => writeFileSync(join(out, '_run.json'), '{')],
  ])('runs when %s', async (_, change) => {
    const inputs = [
      events,
      writeText(join(folder, 'lake', 'one.ndjson'), scenarioLines()),
      join(folder, 'lake'),
    ];
    await run({ inputs });
    change();
    expect((await run({ inputs })).unchanged).toBe(false);
    rmSync(join(folder, 'lake'), { recursive: true });
  });

  it('says so and ends with 0; --json prints the published summary', async () => {
    const published = await run({ force: true });
    const again = playfold(['run', events, '--out', out]);
    expect(again).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^Nothing to do: .*31 rows.*--force runs again/),
    });
    const { stdout } = playfold(['run', events, '--out', out, '--json', '--threads', '2']);
    expect(JSON.parse(stdout)).toEqual({ ...JSON.parse(JSON.stringify(published)), unchanged: true });
    expect(readdirSync(join(folder, '.watch.playfold'))).toHaveLength(2);
  });
});

describe('the manifest', () => {
  it('carries state, run key, input files and the trace it belongs to', () => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    playfold(['run', events, '--out', out, '--force'], { env: { TRACEPARENT: trace } });
    const manifest = JSON.parse(readFileSync(join(out, '_run.json'), 'utf8'));
    expect(manifest).toMatchObject({ state: 'complete', traceparent: trace, videosFile: null });
    expect(manifest.runKey).toMatch(/^[\da-f]{64}$/);
    expect(manifest.inputFiles).toEqual([
      { path: events, bytes: expect.any(Number), mtimeMs: expect.any(Number) },
    ]);
  });
});

describe('an input that changes while it is read', () => {
  it('is named, and nothing is published', async () => {
    const path = writeText(join(folder, 'growing.ndjson'), scenarioLines());
    const target = join(folder, 'grown');
    const grow = (): void => appendFileSync(path, ' \n');
    await expect(run({ inputs: [path], out: target, onProgress: grow })).rejects.toThrow(
      /growing.ndjson: changed while it was read; nothing was published/,
    );
    expect(readdirSync(folder)).not.toContain('grown');
    const versions = await readInputVersions([{ path, name: path }]);
    rmSync(path);
    await expect(assertUnchanged(versions)).rejects.toThrow(/growing.ndjson: cannot be read \(ENOENT\)/);
  });
});
