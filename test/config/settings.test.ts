import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listOptions } from '../../src/config/option-list.ts';
import { getAt, readSettings, type SettingsSources } from '../../src/config/settings.ts';
import { temporaryFolder, writeText } from '../built-cli.ts';

const folder = temporaryFolder();
const read = (sources: Partial<SettingsSources>) =>
  readSettings({ flags: {}, environment: {}, folder: join(folder, 'empty'), ...sources });

describe('settings', () => {
  it('are defaults where nothing is given', () => {
    const { given, values, origins, notices } = read({});
    expect({ given, notices, origins: origins.size }).toEqual({ given: {}, notices: [], origins: 0 });
    expect(values).toMatchObject({ partitionBy: 'month', sessionTimeoutSeconds: 1800 });
  });

  it('come from flags before environment before file before defaults, each option by itself', () => {
    const numbers = listOptions().filter(({ kind, group }) => kind === 'number' && group !== 'resources');
    const layers = fc.record({
      option: fc.constantFrom(...numbers),
      flag: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      variable: fc.option(fc.integer({ min: 11, max: 19 }), { nil: undefined }),
      file: fc.option(fc.integer({ min: 21, max: 29 }), { nil: undefined }),
    });
    const chosen = fc.uniqueArray(layers, {
      selector: ({ option }) => option.key,
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(chosen, (given) => {
        const nested = given
          .filter(({ file }) => file !== undefined)
          .reduce<object>((text, { option, file }) => mergeDeep(text, option.path, file), {});
        const path = writeText(join(folder, 'layers.yaml'), JSON.stringify(nested));
        const settings = read({
          flags: {
            config: path,
            ...Object.fromEntries(given.map(({ option, flag }) => [option.flag, flag?.toString()])),
          },
          environment: Object.fromEntries(
            given.map(({ option, variable }) => [option.variable, variable?.toString()]),
          ),
        });
        for (const { option, flag, variable, file } of given) {
          const best = flag ?? variable ?? file;
          expect(getAt(settings.given, option.path)).toBe(best);
          const origin = settings.origins.get(option.key);
          if (flag !== undefined) expect(origin).toBe(`--${option.flag}`);
          else if (variable !== undefined) expect(origin).toBe(option.variable);
          else if (file !== undefined) expect(origin).toMatch(/layers\.yaml:1:\d+$/);
          else expect(origin).toBeUndefined();
        }
      }),
      { numRuns: 100 },
    );
  });

  it('of playfold.yaml are taken up from the folder, with a notice, unless it is left out or another is named', () => {
    const home = join(folder, 'home');
    const path = writeText(join(home, 'playfold.yaml'), 'threads: 2\n');
    const other = writeText(join(home, 'other.yaml'), 'threads: 3\n');
    const found = read({ folder: home });
    expect(found.values.threads).toBe(2);
    expect(found.notices).toEqual([`options from ${path}; --no-config leaves it out.`]);
    expect(read({ folder: home, flags: { config: false } }).given).toEqual({});
    expect(read({ folder: home, environment: { PLAYFOLD_CONFIG: other } }).values.threads).toBe(3);
    const named = read({ folder: home, environment: { PLAYFOLD_CONFIG: path }, flags: { config: other } });
    expect({ threads: named.values.threads, notices: named.notices }).toEqual({ threads: 3, notices: [] });
  });

  it('that are empty in the environment are not given', () => {
    expect(read({ environment: { PLAYFOLD_THREADS: '', PLAYFOLD_CONFIG: '' } }).given).toEqual({});
  });

  it('ignore a variable of another purpose, with a notice', () => {
    const environment = { PLAYFOLD_HOME: '/opt', PLAYFOLD_PORT: '80', PATH: '/bin' };
    expect(read({ environment }).notices).toEqual([
      'PLAYFOLD_HOME is no option and is ignored.',
      'PLAYFOLD_PORT is no option and is ignored.',
    ]);
  });

  const badFile = writeText(join(folder, 'bad.yaml'), 'threads: 0\n');
  // biome-ignore format: a table
  it.each<[string, Partial<SettingsSources>]>([
    ['--threads lots: expected a whole number from 1 to 256.', { flags: { threads: 'lots' } }],
    ['--threads 1 2: given 2 times; once is enough.', { flags: { threads: ['1', '2'] } }],
    ['--threads false: expected a whole number from 1 to 256.', { flags: { threads: false } }],
    ['--memory 1MB: too small; a run needs at least 256MB.', { flags: { memory: '1MB' } }],
    ['--engagement-formula pts: expected one of normalized, points.', { flags: { 'engagement-formula': 'pts' } }],
    ["--engagement-formula point: expected one of normalized, points; did you mean 'points'?", { flags: { 'engagement-formula': 'point' } }],
    ['PLAYFOLD_THREADS=x: expected a whole number from 1 to 256.', { environment: { PLAYFOLD_THREADS: 'x' } }],
    ['PLAYFOLD_THREADS=x: expected a whole number from 1 to 256.', { environment: { PLAYFOLD_THREADS: 'x' }, flags: { threads: '1' } }],
    ['PLAYFOLD_EVENT_NAMES_PLAY=[go: expected a list, each of it text that is not empty.', { environment: { PLAYFOLD_EVENT_NAMES_PLAY: '[go' } }],
    ['PLAYFOLD_MAX_SEGMENT_SECOND: no option has this name; did you mean PLAYFOLD_MAX_SEGMENT_SECONDS?', { environment: { PLAYFOLD_MAX_SEGMENT_SECOND: '1' } }],
    ['PLAYFOLD_ENGAGEMENT__FORMULA: no option has this name; did you mean PLAYFOLD_ENGAGEMENT_FORMULA?', { environment: { PLAYFOLD_ENGAGEMENT__FORMULA: 'points' } }],
    ['PLAYFOLD_CONFIG none.yaml: there is no such file.', { environment: { PLAYFOLD_CONFIG: 'none.yaml' } }],
    [`--config ${folder}: this is a folder; name a file.`, { flags: { config: folder } }],
    ['--config a b: one file is expected.', { flags: { config: ['a', 'b'] } }],
    [`${badFile}:1:10: 'threads': expected a whole number from 1 to 256, not 0`, { flags: { config: badFile, threads: '1' } }],
    ['PLAYFOLD_UNTIL=2026-01-01: must be later than since: rows with since <= timestamp < until are read.', { environment: { PLAYFOLD_UNTIL: '2026-01-01' }, flags: { since: '2026-01-01' } }],
    ["--event-names-pause play: 'play' stands under both play and pause.", { flags: { 'event-names-pause': 'play' } }],
  ])('are refused: %s', (message, sources) => {
    expect(() => read(sources)).toThrow(expect.objectContaining({ message, exitCode: 2 }));
  });
});

function mergeDeep(target: object, path: readonly string[], value: unknown): object {
  const [key = '', ...rest] = path;
  const inner = (target as Record<string, object>)[key] ?? {};
  return { ...target, [key]: rest.length === 0 ? value : mergeDeep(inner, rest, value) };
}
