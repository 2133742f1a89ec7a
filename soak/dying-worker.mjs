// A worker that dies at one task. DEATH holds {kind, index, how, times, folder}: a file in the folder for each death.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import work from '../dist/pool/worker.js';

const death = JSON.parse(process.env.DEATH);
// (module (func (export "trap") unreachable))
const TRAP = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4, 116, 114, 97, 112, 0, 0, 10, 5, 1,
  3, 0, 0, 11,
];

export default async function dieOrWork(task) {
  const deaths = readdirSync(death.folder).length;
  if (task.kind === death.kind && task.index === death.index && deaths < death.times) {
    writeFileSync(join(death.folder, String(deaths)), '');
    if (death.how === 'exit') process.exit(1);
    if (death.how === 'uncaught') {
      setImmediate(() => {
        throw new Error('the worker came to grief');
      });
      await new Promise(() => undefined);
    }
    new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(TRAP))).exports.trap();
  }
  return work(task);
}
