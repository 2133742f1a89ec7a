import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Lock } from '../../src/sink/lock.ts';
import { ownIdentity } from '../../src/sink/process-identity.ts';
import { temporaryFolder } from '../built-cli.ts';

const folder = temporaryFolder();
let stores = 0;
const newStore = (): string => join(folder, `store-${++stores}`);

const take = (store: string, id: string): Promise<Lock> => Lock.acquire(store, id, join(folder, id), 'watch');

/** Puts a lock there as another process would have left it. */
function plant(store: string, holder: object, ageMs = 0): void {
  mkdirSync(store, { recursive: true });
  const text = JSON.stringify({
    id: 'old',
    ...ownIdentity(),
    since: '2026-01-01T00:00:00Z',
    tempFolder: '',
    ...holder,
  });
  writeFileSync(join(store, 'lock'), text);
  const at = new Date(Date.now() - ageMs);
  utimesSync(join(store, 'lock'), at, at);
}

describe('a lock', () => {
  it('is held by one at a time, names its holder, and leaves nothing when it is released', async () => {
    const store = newStore();
    const lock = await take(store, 'a');
    await expect(take(store, 'b')).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(
        new RegExp(`^watch: another run is writing it \\(process ${process.pid} on `),
      ),
    });
    await lock.release();
    expect(readdirSync(folder)).not.toContain(`store-${stores}`);
    await (await take(store, 'c')).release();
  });

  it.each([
    ['a process that is gone', { pid: 2 ** 22 - 1 }, 0, true],
    ['a pid that another process got meanwhile', { startTicks: '1' }, 0, true],
    ['a process that runs', {}, 1e9, false],
    ['a process elsewhere that was heard of a minute ago', { pidSpace: 'elsewhere' }, 60_000, false],
    ['a process elsewhere that was not heard of for three minutes', { pidSpace: 'elsewhere' }, 180_000, true],
    ['nobody: half a file, just written', { id: undefined }, 0, false],
    ['nobody: half a file, three minutes old', { id: undefined }, 180_000, true],
    ['an id that is a path', { id: '../../x', pid: 2 ** 22 - 1 }, 0, false],
  ])('of %s (%o)', async (_, holder, ageMs, isTaken) => {
    const store = newStore();
    plant(store, holder, ageMs);
    if (!isTaken) return expect(take(store, 'new')).rejects.toMatchObject({ exitCode: 5 });
    const lock = await take(store, 'new');
    expect(lock.succeeded).toHaveLength(1);
    await expect(take(store, 'third')).rejects.toMatchObject({ exitCode: 5 });
    await lock.release();
    expect(readdirSync(folder)).not.toContain(`store-${stores}`);
  });

  it('of the dead is succeeded by one of many, also where a successor died', async () => {
    const store = newStore();
    plant(store, { pid: 2 ** 22 - 1 });
    const dead = {
      id: 'older',
      ...ownIdentity(),
      pid: 2 ** 22 - 2,
      since: '2026-01-01T00:00:00Z',
      tempFolder: '',
    };
    writeFileSync(join(store, 'lock.old'), JSON.stringify(dead));
    const tries = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => take(store, `n${i}`)));
    const locks = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(locks).toHaveLength(1);
    expect(locks[0]!.succeeded.map(({ id }) => id)).toEqual(['old', 'older']);
    await locks[0]!.release();
    expect(readdirSync(folder)).not.toContain(`store-${stores}`);
  });

  it('that was taken over is noticed before anything is published, and is not released for the successor', async () => {
    const store = newStore();
    const lock = await take(store, 'slow');
    await lock.assertHeld();
    plant(store, { id: 'slow', pid: 2 ** 22 - 1 });
    const next = await take(store, 'next');
    await expect(lock.assertHeld()).rejects.toMatchObject({ exitCode: 5 });
    await lock.release();
    await next.assertHeld();
    await next.release();
  });
});
