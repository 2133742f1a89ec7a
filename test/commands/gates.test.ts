import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scenarioLines } from '../../src/sample/sample-data.ts';
import { playfold, runJson, temporaryFolder, writeText } from '../built-cli.ts';

const folder = temporaryFolder();
const path = (...names: readonly string[]): string => join(folder, ...names);
const all = writeText(path('all.ndjson'), scenarioLines());
const few = writeText(path('few.ndjson'), scenarioLines().split('\n').slice(0, 12).join('\n'));

describe('playfold run --fail-on', () => {
  it('ends with 3 before publishing, and leaves the earlier result as it was', () => {
    const out = path('target', 'watch');
    const first = runJson(
      all,
      '--out',
      out,
      '--fail-on',
      'rows < 0.8 * previous',
      '--fail-on',
      'invalid > 10%',
    );
    expect(first.gates.map(({ outcome }) => outcome)).toEqual(['skipped', 'passed']);
    const manifest = readFileSync(join(out, '_run.json'), 'utf8');

    const { code, stdout, stderr } = playfold([
      'run',
      few,
      '--out',
      out,
      '--fail-on',
      'rows < 0.8 * previous',
    ]);
    expect(stderr).toBe(
      `playfold: Gate "rows < 0.8 * previous" failed: rows is 4, the limit 24.8 (0.8 x the previous run's). ` +
        `Look closer: playfold stats ${out} shows the previous run. Nothing was published.\n`,
    );
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(readFileSync(join(out, '_run.json'), 'utf8')).toBe(manifest);
    expect(readdirSync(path('target'))).toEqual(['.watch.playfold', 'watch']);
  });

  it('shows the outcome in the summary', () => {
    const { stdout } = playfold(['run', all, '--out', path('shown'), '--fail-on', 'invalid>90%']);
    expect(stdout).toMatch(/Gates\n {2}invalid>90%: passed, it is \d+\.\d+ %\n/);
  });

  it('refuses a gate that it does not understand before it reads anything', () => {
    const out = path('never');
    const { code, stderr } = playfold([
      'run',
      path('gone.parquet'),
      '--out',
      out,
      '--fail-on',
      'invald > 1%',
    ]);
    expect(stderr).toBe(
      `playfold: --fail-on "invald > 1%": there is no figure 'invald'; did you mean 'invalid'?\n`,
    );
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });

  it('takes no inputs for gates', () => {
    expect(runJson('--fail-on', 'rows < 1', all, '--out', path('order')).gates).toHaveLength(1);
  });
});

describe('playfold stats', () => {
  it('prints the summary of a published run again, as text and as JSON', () => {
    const out = path('printed');
    const ran = playfold(['run', all, '--out', out]);
    const text = playfold(['stats', out]);
    expect(text.stdout).toMatch(/^Run of 20\d\d-.* by playfold 0\.1\.0 over .*all\.ndjson\n/);
    expect(text.stdout.split('\n').slice(1).join('\n')).toBe(ran.stdout);
    const { summary } = JSON.parse(readFileSync(join(out, '_run.json'), 'utf8'));
    expect(JSON.parse(playfold(['stats', out, '--json']).stdout)).toEqual(summary);
  });

  it('of a folder without a result ends with 4', () => {
    expect(playfold(['stats', folder])).toEqual({
      code: 4,
      stdout: '',
      stderr: `playfold: ${folder}: no _run.json there; name a folder that playfold run wrote with --out.\n`,
    });
  });
});
