import { join } from 'node:path';
import { expect, it } from 'vitest';
import { errorFormat } from '../../src/terminal/error-format.ts';
import { playfold, temporaryFolder, writeText } from '../built-cli.ts';

it.each<[string[], string | undefined, 'text' | 'json']>([
  [['run'], undefined, 'text'],
  [['run', '--log', 'json'], undefined, 'json'],
  [['run', '--log=json'], 'text', 'json'],
  [['run', '--log', 'text'], 'json', 'text'],
  [['run', 'json'], undefined, 'text'],
  [['run'], 'json', 'json'],
])('before the settings are read, %j with PLAYFOLD_LOG=%s is told as %s', (args, PLAYFOLD_LOG, format) => {
  expect(errorFormat(args, { PLAYFOLD_LOG })).toBe(format);
});

it('follows log in playfold.yaml once it was read', () => {
  const folder = temporaryFolder();
  writeText(join(folder, 'playfold.yaml'), 'log: json\nquiet: true\n');
  const args = ['run', 'gone.csv', '--out', 'never'];
  const { code, stderr } = playfold(args, { cwd: folder });
  expect(JSON.parse(stderr)).toMatchObject({ level: 'error', fields: { exitCode: 4 } });
  expect(code).toBe(4);
  expect(playfold([...args, '--log', 'text'], { cwd: folder }).stderr).toMatch(/^playfold: gone.csv: /);
});
