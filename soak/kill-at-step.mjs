// Preloaded into the command line: ends the process with SIGKILL right after its n-th change of the file system.
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const killAt = Number(process.env.KILL_AT_STEP);
let step = 0;
for (const name of ['mkdir', 'writeFile', 'link', 'unlink', 'rename', 'symlink', 'rm', 'rmdir', 'utimes']) {
  const original = fs[name];
  fs[name] = async (...args) => {
    const result = await original(...args);
    step += 1;
    if (step === killAt) process.kill(process.pid, 'SIGKILL');
    return result;
  };
}
syncBuiltinESMExports();
