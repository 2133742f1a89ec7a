import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isManifestIntact, type Manifest } from '../src/sink/manifest.ts';

/** What a polling reader saw. */
export interface Sightings {
  reads: number;
  /** Reads by name that found a file gone because the result had been replaced meanwhile, and began again. */
  replaced: number;
  readonly problems: string[];
}

/** Reads a result over and over, by its resolved folder and by its name in turn, until `stop` is called. */
export function startReader(out: string, allowedHashes: ReadonlySet<string>) {
  const seen: Sightings = { reads: 0, replaced: 0, problems: [] };
  let isStopped = false;
  const poll = async (): Promise<Sightings> => {
    for (let turn = 0; !isStopped; turn++) {
      const outcome = await readOnce(turn % 2 === 0 ? null : out, out, allowedHashes).catch(
        (error: unknown) => `missing: ${String(error)}`,
      );
      seen.reads += 1;
      if (outcome === 'replaced') seen.replaced += 1;
      else if (outcome !== 'whole') seen.problems.push(outcome);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return seen;
  };
  const done = poll();
  return {
    stop(): Promise<Sightings> {
      isStopped = true;
      return done;
    },
  };
}

/** `folder` null: the reader resolves the link first, and reads one version to its end. */
async function readOnce(folder: string | null, out: string, allowed: ReadonlySet<string>): Promise<string> {
  const at = folder ?? (await realpath(out));
  const text = await readFile(join(at, '_run.json'), 'utf8');
  if (!isManifestIntact(text)) return 'torn: the manifest is not whole';
  const { summary, files } = JSON.parse(text) as Manifest;
  if (!allowed.has(summary.contentHash)) return `mixed: ${summary.contentHash} is no result of ours`;
  for (const { path, sha256 } of files) {
    // Every version calls its state alike: it is no reader's, and only a resolved folder tells whose it is.
    if (folder !== null && path.startsWith('_')) continue;
    const bytes = await readFile(join(at, path)).catch(() => null);
    if (bytes === null) {
      const now = folder === null ? text : await readFile(join(at, '_run.json'), 'utf8');
      return now === text ? `missing: ${path}` : 'replaced';
    }
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) return `torn: ${path}`;
  }
  return 'whole';
}
