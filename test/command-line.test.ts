import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import yargs from 'yargs';
import { commands } from '../src/commands/index.ts';

const source = fileURLToPath(new URL('../src', import.meta.url));

/** Every package and file that loading a file loads, but not what it imports later with import(). */
function loadedBy(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (!existsSync(file)) return seen;
  const text = readFileSync(file, 'utf8');
  for (const [, clause = '', from = ''] of text.matchAll(/^(?:import|export)\s([^;]*?)from '([^']+)';/gms))
    if (!clause.startsWith('type ')) loadedBy(from.startsWith('.') ? join(dirname(file), from) : from, seen);
  return seen;
}

const names = commands.map(({ command }) => String(command).split(' ')[0] ?? '');

describe('--help', () => {
  it.each(names)('of %s shows one example', async (name) => {
    const help = await new Promise<string>((resolve) => {
      const parser = yargs().scriptName('playfold').command(commands);
      void parser.parse(`${name} --help`, (_error: unknown, _args: unknown, output: string) =>
        resolve(output),
      );
    });
    expect(help).toMatch(new RegExp(`\\nExamples:\\n +playfold ${name} `));
  });

  it('waits for neither DuckDB nor Arrow', () => {
    const loaded = loadedBy(join(source, 'command-line.ts'));
    expect([...loaded].filter((file) => /duckdb|apache-arrow|piscina/.test(file))).toEqual([]);
    expect([...loaded]).toContain('zod');
    expect([...loadedBy(join(source, 'run.ts'))].join()).toMatch(/apache-arrow/);
  });
});
