import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EXIT } from '../src/errors.ts';
import { type Extent, type Finding, RunChild, soakFile, type Workshop } from './harness.ts';

/** A worker exits, dies of an uncaught error, or its WASM traps: in scan and fold, once and twice. */
export async function letWorkersDie(workshop: Workshop, { count, untilMs }: Extent): Promise<Finding> {
  const cases = ['trap', 'exit', 'uncaught'].flatMap((how) =>
    (['scan', 'fold'] as const).flatMap((kind) => [1, 2].map((times) => ({ kind, how, times }))),
  );
  const inputs = workshop.lakes.map(({ events }) => events);
  const workerFile = pathToFileURL(soakFile('dying-worker.mjs')).href;
  const sizes = { rowsPerWorker: 1, partitionBits: 3, workerFile };
  const problems: string[] = [];
  let expected: string | undefined;
  let tried = 0;
  for (const { kind, how, times } of cases.slice(0, count)) {
    if (Date.now() > untilMs) break;
    tried += 1;
    const folder = mkdtempSync(join(workshop.folder, 'deaths-'));
    process.env.DEATH = JSON.stringify({ kind, index: 0, how, times, folder });
    const child = new RunChild(workshop.temporary);
    const options = { inputs, out: join(workshop.folder, 'survived'), threads: 2, force: true };
    expected ??= (await child.run(options, { rowsPerWorker: 1 })).contentHash;
    const { code, message = '', contentHash } = await child.run(options, sizes);
    child.kill();
    const named =
      kind === 'scan' ? /^(Error: )?scan of .*parquet.* failed twice/ : /fold of partition 0 failed twice/;
    const holds =
      times === 1 ? code === EXIT.ok && contentHash === expected : code === EXIT.bug && named.test(message);
    if (!holds) problems.push(`${kind}, ${how}, ${times} times: exit ${code}: ${message}`);
  }
  delete process.env.DEATH;
  const figures = 'exit, uncaught error and WASM trap, in scan and fold, once and twice';
  return { promise: 'a worker that dies', tried, held: tried - problems.length, figures, problems };
}
