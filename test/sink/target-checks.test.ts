import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../src/run-options.ts';
import { checkTarget } from '../../src/sink/target-checks.ts';
import { temporaryFolder } from '../built-cli.ts';

const folder = temporaryFolder();
// As a run leaves it: a link into the store beside it.
mkdirSync(join(folder, '.watch.playfold', 'version'), { recursive: true });
symlinkSync('.watch.playfold/version', join(folder, 'watch'));
symlinkSync('.', join(folder, 'same'));

describe('--quarantine', () => {
  it.each([
    ['watch', 'watch'],
    ['watch', 'watch/kept'],
    ['watch', 'same/watch'],
    ['watch', 'same/watch/kept'],
    ['watch', '.watch.playfold'],
    ['watch', '.watch.playfold/kept'],
    ['watch', '.watch.playfold/version'],
    ['new', 'new'],
    ['new', 'new/below/kept'],
    ['new', '.new.playfold/kept'],
    ['kept/watch', 'kept'],
    ['.kept.playfold/watch', 'kept'],
    ['same/.kept.playfold/watch', 'kept'],
    ['.', 'kept'],
    ['kept', '/'],
  ])('beside --out %s is not %s', (out, quarantine) => {
    const options = { inputs: ['x'], out: join(folder, out), quarantine: join(folder, quarantine) };
    expect(() => resolveOptions(quarantine === '/' ? { ...options, quarantine } : options)).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringMatching(
          /^--quarantine .*: (name a folder beside --out|this is a link to a version)/,
        ),
      }),
    );
  });

  it.each([
    ['watch', 'kept'],
    ['watch', 'watch-kept'],
    ['a/watch', 'b/watch'],
  ])('beside --out %s may be %s', (out, quarantine) => {
    const options = { inputs: ['x'], out: join(folder, out), quarantine: join(folder, quarantine) };
    expect(resolveOptions(options).quarantine).toBe(options.quarantine);
  });
});

it.each(['.other.playfold/x', '.watch.playfold/version/x', 'watch/x', 'same/watch/x'])(
  'no folder in a store is written: %s',
  (out) => {
    expect(() => checkTarget(join(folder, out))).toThrow(
      /--out .*: this lies in \.\w+\.playfold, where playfold keeps the versions of a result/,
    );
  },
);
