import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Extent, type Finding, RunChild, type Workshop } from './harness.ts';

const BUDGETS = ['256MB', '512MB', '2GB'];

/** The same files under other names, so that they are read in another order. */
function reorder(workshop: Workshop, order: number): string {
  const { events } = workshop.lakes[0];
  const folder = join(workshop.folder, `order-${order}`);
  mkdirSync(folder);
  const names = readdirSync(events).sort();
  const shifted = order === 2 ? names.toReversed() : [...names.slice(order), ...names.slice(0, order)];
  for (const [i, name] of shifted.entries()) copyFileSync(join(events, name), join(folder, `${i}.parquet`));
  return folder;
}

/** Threads 1, 2, 4 x three orders of files x three budgets: one content hash. */
export async function compareHashes(workshop: Workshop, { count, untilMs }: Extent): Promise<Finding> {
  const folders = [0, 1, 2].map((order) => reorder(workshop, order));
  const cases = [1, 2, 4].flatMap((threads) =>
    folders.flatMap((folder) => BUDGETS.map((memory) => ({ threads, folder, memory }))),
  );
  const hashes = new Map<string, number>();
  const problems: string[] = [];
  const child = new RunChild(workshop.temporary);
  let tried = 0;
  try {
    for (const { threads, folder, memory } of cases.slice(0, count)) {
      if (Date.now() > untilMs) break;
      tried += 1;
      const options = { inputs: [folder], out: join(workshop.folder, 'compared'), threads, memory };
      // So few rows would get one worker, and would all fit the memory.
      const sizes = { rowsPerWorker: 1, ...(memory === '256MB' ? { heldLimitBytes: 0 } : {}) };
      const { code, message, contentHash = '' } = await child.run({ ...options, force: true }, sizes);
      if (code !== 0) problems.push(`${threads} threads, ${memory}: exit ${code}: ${message}`);
      hashes.set(contentHash, (hashes.get(contentHash) ?? 0) + 1);
    }
  } finally {
    child.kill();
  }
  if (hashes.size > 1) problems.push(`several content hashes: ${JSON.stringify([...hashes])}`);
  const figures = `threads 1, 2, 4 x 3 orders of files x budgets ${BUDGETS.join(', ')}: ${hashes.size} content hash`;
  return { promise: 'one content hash', tried, held: tried - problems.length, figures, problems };
}
