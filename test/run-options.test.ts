import { describe, expect, it } from 'vitest';
import { readSettings } from '../src/config/settings.ts';
import { type RunOptions, resolveOptions, toRunOptions } from '../src/run-options.ts';

const given = { inputs: ['events/'], out: 'watch' };

describe('the options of run()', () => {
  it('are filled in', () => {
    const since = new Date('2026-01-31T00:00:00Z');
    expect(
      resolveOptions({ ...given, since, memory: '1GB', config: { shortWatchSeconds: 3 } }),
    ).toMatchObject({
      ...given,
      videos: null,
      sinceUs: 1769817600000000n,
      untilUs: null,
      memoryBytes: 2 ** 30,
      partitionBy: 'month',
      uniqueSeconds: true,
      config: { shortWatchSeconds: 3, maxSegmentSeconds: 14400 },
    });
  });

  it('mean the same as flags', () => {
    const flags = {
      config: false,
      inputs: ['events/'],
      out: 'watch',
      'short-watch-seconds': '3',
      quiet: true,
    };
    const { given: settings } = readSettings({ flags, environment: {}, folder: '' });
    expect(toRunOptions(settings)).toEqual({ ...given, config: { shortWatchSeconds: 3 } });
  });

  // biome-ignore format: a table
  it.each<[string, object]>([
    ['no input: name at least one file, folder or glob.', { inputs: [] }],
    ['no --out: name the folder to write.', { out: undefined }],
    ["run options: 'threads': expected a whole number from 1 to 256, not 0", { threads: 0 }],
    ["run options: 'memory': expected a size such as 512MB or 4GB", { memory: 'lots' }],
    ["run options: 'memory': too small; a run needs at least 256MB", { memory: Number.MIN_VALUE }],
    ["run options: unknown key 'memroy'; did you mean 'memory'?", { memroy: '1GB' }],
    ["run options: unknown key 'maxSegmentSeconds'; did you mean 'config.maxSegmentSeconds'?", { maxSegmentSeconds: 3 }],
    ["run options: unknown key 'config.maxSegmentSecond'; did you mean 'maxSegmentSeconds'?", { config: { maxSegmentSecond: 3 } }],
    ["run options: 'until': must be later than since: rows with since <= timestamp < until are read", { since: '2026-01-01', until: '2026-01-01' }],
  ])('are refused: %s', (message, wrong) => {
    const options = { ...given, ...wrong } as RunOptions;
    expect(() => resolveOptions(options)).toThrow(expect.objectContaining({ message, exitCode: 2 }));
  });
});
