import { execFileSync } from 'node:child_process';
import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow } from '../../src/source/folder-files.ts';
import { resolveInputs } from '../../src/source/inputs.ts';
import { temporaryFolder, writeText } from '../built-cli.ts';

const folder = realpathSync(temporaryFolder());
const outside = writeText(join(folder, 'outside', 'secret.csv'), 'a\n1\n');
let lakes = 0;

function newLake(): string {
  const lake = join(folder, `lake-${++lakes}`);
  writeText(join(lake, 'day=1', 'a.csv'), 'a\n1\n');
  return lake;
}

const list = async (lake: string): Promise<string[]> =>
  (await filesBelow(lake, (name) => name.endsWith('.csv'))).map((path) => relative(lake, path)).sort();

describe('the files of a folder', () => {
  it('include links that stay in it, as a Kubernetes volume has them', async () => {
    const lake = newLake();
    writeText(join(lake, '..data', 'b.csv'), '');
    symlinkSync(join('..data', 'b.csv'), join(lake, 'b.csv'));
    expect(await list(lake)).toEqual(['b.csv', 'day=1/a.csv']);
  });

  it('leave out a result of playfold that lies there, whether by folder or by glob', async () => {
    const lake = newLake();
    writeText(join(lake, '.watch.playfold', 'version', 'engagement', 'data.csv'), '');
    symlinkSync(join('.watch.playfold', 'version'), join(lake, 'watch'));
    expect(await list(lake)).toEqual(['day=1/a.csv']);
    const found = await resolveInputs([join(lake, '**', '*.csv')], folder);
    expect(found.map(({ path }) => relative(lake, path))).toEqual(['day=1/a.csv']);
  });

  it('are each found once where links lead in a circle', async () => {
    const lake = newLake();
    symlinkSync('..', join(lake, 'day=1', 'up'));
    expect(await list(lake)).toEqual(['day=1/a.csv']);
  });

  it('leave out pipes and links to nothing that are not named like data', async () => {
    const lake = newLake();
    execFileSync('mkfifo', [join(lake, 'pipe.csv')]);
    symlinkSync('nowhere', join(lake, 'README'));
    expect(await list(lake)).toEqual(['day=1/a.csv']);
  });

  it.each([
    [
      'a file',
      (lake: string) => symlinkSync(outside, join(lake, 'x.csv')),
      /x.csv: this link leads out of the folder, to .*secret.csv/,
    ],
    [
      'a folder',
      (lake: string) => symlinkSync(join(folder, 'outside'), join(lake, 'x')),
      /x: this link leads out/,
    ],
    [
      'a folder whose name only begins like it',
      (lake: string) => {
        mkdirSync(`${lake}0`);
        symlinkSync(`${lake}0`, join(lake, 'x'));
      },
      /x: this link leads out/,
    ],
    [
      'nothing',
      (lake: string) => symlinkSync('nowhere', join(lake, 'x.csv')),
      /x.csv: this link leads to nothing/,
    ],
    [
      'itself',
      (lake: string) => symlinkSync('x.csv', join(lake, 'x.csv')),
      /x.csv: cannot be followed \(ELOOP\)/,
    ],
  ])('are refused with a link that leads to %s', async (_, addLink, message) => {
    const lake = newLake();
    addLink(lake);
    await expect(list(lake)).rejects.toThrow(message);
  });

  it('are refused in a glob by the same rule; a link that is named itself is followed', async () => {
    const lake = newLake();
    symlinkSync(outside, join(lake, 'x.csv'));
    await expect(resolveInputs([join(lake, '*.csv')], folder)).rejects.toThrow(
      /x.csv: this link leads out of the folder/,
    );
    expect((await resolveInputs([join(lake, 'x.csv')], folder)).map(({ path }) => path)).toEqual([outside]);
  });
});
