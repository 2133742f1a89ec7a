import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scenarioLines } from '../../src/sample/sample-data.ts';
import { CLI, playfold, temporaryFolder, writeText } from '../built-cli.ts';

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
    ['offers ready queries', ['query', 'watch', '--ready', ''], ['cohorts', 'tiers'], ['--out']],
    ['offers ways to partition', ['run', '--partition-by', ''], ['month', 'bucket:16'], ['--out']],
    ['offers what a list lacks', ['run', '--tables', 'videos,se'], ['videos,segments'], ['videos,videos']],
    ['offers values behind =', ['query', 'watch', '--ready=co'], ['--ready=cohorts'], ['cohorts']],
    ["offers values behind bash's =", ['query', 'watch', '--ready', '=', 'co'], ['cohorts'], []],
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
    expect(complete(['run', '--partition-by', ''], { COMP_CWORD: '2' })).toContain('bucket\\:16');
  });
});

/** The script of each shell, asked as its tab key asks it. */
const SCRIPTS = {
  bash: `
    playfold() { "$NODE" "$CLI" "$@"; }; source <(playfold completion bash)
    COMP_LINE=$1; COMP_POINT=\${#1}; COMP_WORDS=($1); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _playfold_yargs_completions; printf '%s\n' "\${COMPREPLY[@]}"`,
  zsh: `
    playfold() { "$NODE" "$CLI" "$@" }; compdef() {}; _describe() { print -rl -- "\${reply[@]}" }
    source <(playfold completion zsh); BUFFER=$1; CURSOR=\${#1}; words=(\${=1}); CURRENT=\${#words}
    _playfold_yargs_completions`,
} as const;

function pressTab(shell: keyof typeof SCRIPTS, line: string): string {
  const env = { ...process.env, NODE: process.execPath, CLI };
  const args = ['-c', SCRIPTS[shell], shell, line];
  return execFileSync(shell, args, { encoding: 'utf8', timeout: 20_000, env });
}

const isInstalled = (shell: string): boolean =>
  existsSync(`/usr/bin/${shell}`) || existsSync(`/bin/${shell}`);

describe.each(['bash', 'zsh'] as const)('in %s itself', (shell) => {
  it.skipIf(!isInstalled(shell))('a word becomes a value', () => {
    expect(pressTab(shell, 'playfold query watch --ready we')).toContain('weekly-trend\n');
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
