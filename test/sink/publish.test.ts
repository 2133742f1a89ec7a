import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Staging } from '../../src/sink/publish.ts';
import { checkTarget } from '../../src/sink/target-checks.ts';
import { temporaryFolder, writeText } from '../built-cli.ts';

/** A disk that knows no symbolic links. */
const disk = vi.hoisted(() => ({ refusesLinks: false }));
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  const refuse = (): Promise<void> => Promise.reject(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
  return {
    ...fs,
    symlink: (...args: Parameters<typeof fs.symlink>) => (disk.refusesLinks ? refuse() : fs.symlink(...args)),
  };
});

const folder = temporaryFolder();
let places = 0;

/** A new empty folder with a target in it that does not exist. */
function newPlace(): { place: string; out: string; store: string } {
  const place = join(folder, `place-${++places}`);
  mkdirSync(place);
  return { place, out: join(place, 'watch'), store: join(place, '.watch.playfold') };
}

const manifestOf = (staging: Staging): string =>
  JSON.stringify({ summary: { events: {} }, files: [], replaces: staging.replaces });

async function publish(out: string, text: string): Promise<string> {
  const staging = await Staging.create(out);
  writeText(join(staging.folder, 'engagement', 'data_0.parquet'), text);
  writeText(join(staging.folder, '_state', 'bucket-0.parquet'), `state of ${text}`);
  writeText(join(staging.folder, '_run.json'), manifestOf(staging));
  await staging.stampNames();
  await staging.publish();
  await staging.discard();
  return staging.id;
}

function readTable(out: string): string {
  const [name] = readdirSync(join(out, 'engagement'));
  return readFileSync(join(out, 'engagement', name!), 'utf8');
}

describe('publishing', () => {
  it('shows a version through a link, keeps the one before, and drops older ones', async () => {
    const { place, out, store } = newPlace();
    const ids: string[] = [];
    for (const text of ['one', 'two', 'three']) {
      ids.push(await publish(out, text));
      expect(readTable(out)).toBe(text);
      expect(readlinkSync(out)).toBe(join('.watch.playfold', ids.at(-1)!));
    }
    expect(readdirSync(place)).toEqual(['.watch.playfold', 'watch']);
    expect(readdirSync(store).sort()).toEqual(ids.slice(1).sort());
  });

  it('gives table files names of their own in each version, and leaves state its names', async () => {
    const { out } = newPlace();
    const names: string[][] = [];
    for (const text of ['one', 'two']) {
      await publish(out, text);
      names.push(readdirSync(join(out, 'engagement')));
      expect(readdirSync(join(out, '_state'))).toEqual(['bucket-0.parquet']);
    }
    expect(names[0]).not.toEqual(names[1]);
  });

  it('gives the next run the published folder to read, and nothing is seen of what is not published', async () => {
    const { out, store } = newPlace();
    const id = await publish(out, 'one');
    const staging = await Staging.create(out);
    expect(staging.published).toBe(join(store, id));
    expect(readFileSync(join(staging.published!, '_state', 'bucket-0.parquet'), 'utf8')).toBe('state of one');
    writeText(join(staging.folder, 'half'), '');
    await staging.discard();
    expect(readTable(out)).toBe('one');
    expect(readdirSync(store)).toEqual([id]);
    expect(existsSync(staging.tempFolder)).toBe(false);
  });

  it('stops before the swap when asked', async () => {
    const { place, out } = newPlace();
    const staging = await Staging.create(out);
    const stop = (): void => {
      throw new Error('stop');
    };
    await expect(staging.publish(stop)).rejects.toThrow('stop');
    await staging.discard();
    expect(readdirSync(place)).toEqual([]);
  });
});

describe('on a disk without symbolic links', () => {
  it('the result is a plain folder that each version takes the place of; the one before is kept', async () => {
    const { out, store } = newPlace();
    disk.refusesLinks = true;
    try {
      for (const text of ['one', 'two', 'three']) {
        await publish(out, text);
        expect(lstatSync(out).isDirectory()).toBe(true);
        expect(readTable(out)).toBe(text);
      }
    } finally {
      disk.refusesLinks = false;
    }
    const kept = readdirSync(store);
    expect(kept).toEqual([expect.stringMatching(/^earlier-/)]);
    expect(readTable(join(store, kept[0]!))).toBe('two');
    await publish(out, 'four');
    expect(lstatSync(out).isSymbolicLink()).toBe(true);
  });
});

describe('a target', () => {
  it('that is a plain folder of an earlier version becomes a link, and the folder is kept as the version before', async () => {
    const { out, store } = newPlace();
    writeText(join(out, '_run.json'), '{"summary": {"events": {}}, "files": []}');
    writeText(join(out, 'engagement', 'data_0.parquet'), 'plain');
    await publish(out, 'linked');
    expect(lstatSync(out).isSymbolicLink()).toBe(true);
    expect(readTable(out)).toBe('linked');
    const earlier = readdirSync(store).find((name) => name.startsWith('earlier-'))!;
    expect(readFileSync(join(store, earlier, 'engagement', 'data_0.parquet'), 'utf8')).toBe('plain');
  });

  it('that a run died on between the two renames of that step is put back by the next', async () => {
    const { out, store } = newPlace();
    writeText(join(out, '_run.json'), '{"summary": {"events": {}}, "files": []}');
    mkdirSync(store);
    renameSync(out, join(store, 'earlier-20260101T000000Z-00000000'));
    const staging = await Staging.create(out);
    expect(existsSync(join(out, '_run.json'))).toBe(true);
    await staging.discard();
    expect(existsSync(join(out, '_run.json'))).toBe(true);
  });

  it('that is an empty folder, or a link of the user, stays where it is', async () => {
    const { place, out } = newPlace();
    mkdirSync(join(place, 'large-disk', 'watch'), { recursive: true });
    symlinkSync(join('large-disk', 'watch'), out);
    await publish(out, 'one');
    await publish(out, 'two');
    expect(readlinkSync(out)).toBe(join('large-disk', 'watch'));
    expect(readTable(out)).toBe('two');
    expect(readdirSync(place).sort()).toEqual(['large-disk', 'watch']);
  });

  it('is refused where it is a version of another result, a mounted disk or a circle of links', async () => {
    const { place, out } = newPlace();
    await publish(out, 'one');
    renameSync(out, join(place, 'renamed'));
    expect(() => checkTarget(join(place, 'renamed'))).toThrow(/a link to a version of another result/);
    if (existsSync('/dev/shm')) expect(() => checkTarget('/dev/shm')).toThrow(/a disk is mounted here/);
    symlinkSync('circle', join(place, 'circle'));
    expect(() => checkTarget(join(place, 'circle'))).toThrow(/its links lead in a circle/);
  });

  it('may be removed by removing the link: the next run starts anew', async () => {
    const { out, store } = newPlace();
    await publish(out, 'one');
    rmSync(out);
    const staging = await Staging.create(out);
    expect(staging.published).toBeNull();
    await staging.discard();
    expect(existsSync(store)).toBe(false);
  });
});

describe('what a run that died left', () => {
  it('is removed by the next one, its intermediate data included', async () => {
    const { out, store } = newPlace();
    const id = await publish(out, 'one');
    const dead = await Staging.create(out);
    writeText(join(dead.tempFolder, 'scan-0.arrow'), 'spilled');
    const lockPath = join(store, 'lock');
    const holder = { ...JSON.parse(readFileSync(lockPath, 'utf8')), pid: 2 ** 22 - 1 };
    writeText(lockPath, JSON.stringify(holder));
    const next = await Staging.create(out);
    expect(next.succeeded.map((each) => each.id)).toEqual([dead.id]);
    expect(existsSync(dead.tempFolder)).toBe(false);
    expect(readdirSync(store).sort()).toEqual([basename(next.folder), id, 'lock', `lock.${dead.id}`].sort());
    await next.discard();
    expect(readdirSync(store)).toEqual([id]);
  });

  it('is removed by its own name only: a lock file is data', async () => {
    const { out, store } = newPlace();
    const precious = join(folder, 'playfold-precious');
    mkdirSync(precious);
    const staging = await Staging.create(out);
    const lockPath = join(store, 'lock');
    const holder = { ...JSON.parse(readFileSync(lockPath, 'utf8')), pid: 2 ** 22 - 1, tempFolder: precious };
    writeText(lockPath, JSON.stringify(holder));
    await (await Staging.create(out)).discard();
    expect(existsSync(precious)).toBe(true);
    rmSync(staging.tempFolder, { recursive: true });
  });
});
