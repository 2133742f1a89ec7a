import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { verifyResult } from '../../src/sink/verify.ts';
import { event, runWhole, update, updateFolder, writeEvents } from './updates.ts';

const folder = updateFolder();
const root = fileURLToPath(new URL('../..', import.meta.url));
const preload = pathToFileURL(join(root, 'soak', 'kill-at-step.mjs')).href;

/** Steps of the file system from one kill to the next. */
const STRIDE = 7;

it('kill -9 after any step leaves result and state as they were, together', async () => {
  const [inputs, out] = [join(folder, 'events'), join(folder, 'watch')];
  const dayOf = (day: number) => [event(day, 1439, 'play', 0), event(day + 1, 2, 'pause', 180)];
  writeEvents(join(inputs, '1.ndjson'), dayOf(1));
  const before = await update({ inputs: [inputs], out });
  writeEvents(join(inputs, '2.ndjson'), dayOf(2));
  let kills = 0;
  for (let ended = false; !ended; ) {
    const args = [
      '--import',
      preload,
      join(root, 'dist', 'cli.js'),
      'update',
      inputs,
      '--out',
      out,
      '--quiet',
    ];
    const env = { ...process.env, KILL_AT_STEP: String((kills + 1) * STRIDE) };
    const { status, signal } = spawnSync(process.execPath, args, { env });
    ended = signal === null;
    if (ended) expect(status).toBe(0);
    else kills++;
    const { differences, contentHash } = await verifyResult(out);
    expect(differences).toEqual([]);
    // A kill behind the last step finds the new version, whole.
    if (contentHash !== before.contentHash) break;
  }
  expect(kills).toBeGreaterThan(2);
  const last = await update({ inputs: [inputs], out });
  expect(last.unchanged).toBe(true);
  expect(last.contentHash).toBe((await runWhole({ inputs: [inputs], out: join(folder, 'run') })).contentHash);
  writeEvents(join(inputs, '3.ndjson'), dayOf(3));
  const next = await update({ inputs: [inputs], out });
  expect(next.contentHash).toBe((await runWhole({ inputs: [inputs], out: join(folder, 'run') })).contentHash);
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([
    '.run.playfold',
    '.watch.playfold',
  ]);
});
