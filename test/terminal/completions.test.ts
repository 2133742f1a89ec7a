import { describe, expect, it } from 'vitest';
import { playfold } from '../built-cli.ts';

const complete = (words: readonly string[], env: object = {}): string[] =>
  playfold(['--get-yargs-completions', 'playfold', ...words], { env: { SHELL: '/bin/zsh', ...env } })
    .stdout.split('\n')
    .filter((line) => line !== '');

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

  it('leaves files to the shell', () => {
    expect(complete(['run', 'events/', ''])).toEqual([]);
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
