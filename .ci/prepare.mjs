// Installs and builds where needed, so that `npm test` and `npm run demo` work on a fresh clone and cost nothing
// afterwards. Plain JavaScript without dependencies: it runs before there are any.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** One hash of all files given, folders to the bottom. */
function fingerprint(paths) {
  const hash = createHash('sha256');
  const add = (path) => {
    if (statSync(join(root, path)).isDirectory()) {
      for (const name of readdirSync(join(root, path)).sort()) add(join(path, name));
    } else hash.update(path).update(readFileSync(join(root, path)));
  };
  for (const path of paths) add(path);
  return hash.digest('hex');
}

/** Runs a script unless its inputs are those of the last time it succeeded. */
function ensure(what, stampPath, paths, command) {
  const stamp = join(root, stampPath);
  const wanted = fingerprint(paths);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  process.stderr.write(`${what}\n`);
  const { status } = spawnSync(command, { cwd: root, shell: true, stdio: ['ignore', 2, 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

ensure('Installing dependencies', 'node_modules/.playfold-installed', ['package-lock.json'], 'npm ci');
ensure(
  'Building',
  'dist/.built',
  ['package.json', 'tsconfig.json', 'asconfig.json', '.ci/bundle.mjs', 'assembly', 'src'],
  'npm run build',
);
