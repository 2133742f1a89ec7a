// Bundles the command and its worker threads, which load in half the time of 600 modules: a quarter of a second of every
// command. What the library exports stays as it was compiled. Replaces dist/cli.js and dist/pool/worker.js.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

// Native code and worker threads of their own; what only reports draw with; and what knows where it lies.
const external = [/^@duckdb\//, 'piscina', '@observablehq/plot', 'linkedom', /built-files\.js$/];

const bundle = await rolldown({
  input: { cli: 'dist/cli.js', 'pool/worker': 'dist/pool/worker.js' },
  platform: 'node',
  external,
});
const { output } = await bundle.write({
  dir: 'dist',
  format: 'esm',
  chunkFileNames: 'chunks/[name]-[hash].js',
});
await bundle.close();

/** The folder of the package that a module is of; undefined for our own. */
const packageOf = (id) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0];

const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
const packages = [...new Set(modules.map(packageOf).filter((folder) => folder !== undefined))].sort();
const licenses = packages.map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  const text = texts.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync('dist/chunks/LICENSES.txt', licenses.join(`\n${'-'.repeat(80)}\n\n`));
