import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Extent, type Finding, runArguments, runToEnd, type Workshop } from './harness.ts';

/** Everything that a rerun could change below a folder: names, inodes, times, bytes. */
function snapshot(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name);
    const { ino, size, mtimeMs } = lstatSync(path);
    // The store's own time changes with the lock that comes and goes in it.
    hash.update(`${name} ${ino} ${name === '.result.playfold' ? '' : `${size} ${mtimeMs}`}`);
    if (lstatSync(path).isFile()) hash.update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** The same run again and again: nothing may change. */
export async function runAgain(workshop: Workshop, { count, untilMs }: Extent): Promise<Finding> {
  const hash = await runToEnd(runArguments(workshop, 0), workshop);
  const before = snapshot(dirname(workshop.out));
  const problems: string[] = [];
  let tried = 0;
  for (; tried < count && Date.now() < untilMs; tried++) {
    const again = await runToEnd(runArguments(workshop, 0), workshop);
    if (again !== hash) problems.push(`rerun ${tried}: another content hash`);
    if (snapshot(dirname(workshop.out)) !== before)
      problems.push(`rerun ${tried}: something changed on the disk`);
  }
  await runToEnd([...runArguments(workshop, 0), '--force'], workshop);
  if (snapshot(dirname(workshop.out)) === before) problems.push('--force did not run');
  return {
    promise: 'the same run again changes no byte',
    tried,
    held: tried - problems.length,
    figures: '',
    problems,
  };
}
