import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scenarioLines } from '../../src/sample/sample-data.ts';
import { playfold, temporaryFolder, writeText } from '../built-cli.ts';

const folder = temporaryFolder();

function complete(words: readonly string[], env: object = {}): string[] {
  const args = ['--get-yargs-completions', 'playfold', ...words];
  const { code, stdout, stderr } = playfold(args, { env: { SHELL: '/bin/zsh', ...env } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('the tab key', () => {
  it.each([
    ['offers commands', [''], ['run', 'demo', 'generate', 'schema', 'completion'], []],
    ['offers flags after a dash', ['run', '--'], ['--out', '--threads', '--quiet'], ['--q', '--o', 'run']],
    ['offers the values of a flag', ['run', '--engagement-formula', ''], ['normalized', 'points'], ['--out']],
  ])('%s', (_, words, offered, not) => {
    const completions = complete(words);
    expect(completions).toEqual(expect.arrayContaining(offered));
    for (const word of not) expect(completions).not.toContain(word);
  });

  it.each([[['run', 'events/', '']], [['run', '--out', '']], [['run', '--colour', 'red', '']]])(
    'leaves files to the shell in %j',
    (words) => {
      expect(complete(words)).toEqual([]);
    },
  );

  it('runs nothing', () => {
    const out = join(folder, 'watch');
    const events = writeText(join(folder, 'events.ndjson'), scenarioLines());
    expect(complete(['run', events, '--no-config', '--out', out, ''])).toEqual([]);
    expect(existsSync(out)).toBe(false);
  });

  it('describes flags to zsh', () => {
    expect(complete(['run', '--'], { COMP_CWORD: '1' })).toContain('--out:Folder to write');
  });
});

describe('the completion script', () => {
  it.each([
    ['bash', 'complete -o bashdefault -o default -F _playfold_yargs_completions playfold'],
    ['zsh', '#compdef playfold'],
  ])('for %s is printed whatever the login shell', (shell, line) => {
    expect(playfold(['completion', shell], { env: { SHELL: '/bin/fish' } }).stdout).toContain(line);
  });
});
