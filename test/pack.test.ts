import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { scenarioLines } from '../src/sample/sample-data.ts';
import { temporaryFolder, writeText } from './built-cli.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const folder = temporaryFolder();

it('the packed tarball runs in an empty folder, without development dependencies', () => {
  const npm = (cwd: string, ...args: readonly string[]): string =>
    execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  npm(root, 'pack', '--ignore-scripts', '--pack-destination', folder);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
  const app = join(folder, 'app');
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{"private": true, "type": "module"}');
  npm(app, 'install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', join('..', tarball));
  for (const name of ['typescript', 'assemblyscript', 'vitest', '@biomejs'])
    expect(readdirSync(join(app, 'node_modules'))).not.toContain(name);

  const npx = (...args: readonly string[]): string =>
    npm(app, 'exec', '--offline', '--', 'playfold', ...args);
  expect(npx('--version').trim()).toBe('0.1.0');
  writeText(join(app, 'events.ndjson'), scenarioLines());
  expect(npx('run', 'events.ndjson', '--out', 'watch')).toMatch(/31 rows: 30 users/);

  expect(npx('query', 'watch', '--ready', 'tiers')).toMatch(/^tier,viewers,.*\nHigh,/);
  npx('report', 'watch', '--out', 'report.html');
  expect(readFileSync(join(app, 'report.html'), 'utf8')).toMatch(/<svg/);

  const library = `import { run } from 'playfold';
    const summary = await run({ inputs: ['events.ndjson'], out: 'from-library', threads: 2 });
    console.log(summary.result.rows);`;
  expect(
    execFileSync(process.execPath, ['--input-type=module', '-e', library], { cwd: app, encoding: 'utf8' }),
  ).toBe('31\n');
});
