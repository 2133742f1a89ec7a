import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { listOptions, type Option } from '../src/config/option-list.ts';
import type { OptionGroup } from '../src/config/schema.ts';

/** A Markdown table with aligned columns, as Biome formats it. */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(cells[0] ?? []), rule, ...cells.slice(1).map(line)].join('\n');
}

function flagOf({ key, flag, letter, kind, defaultText, valueName }: Option): string {
  if (key === 'inputs') return `\`${valueName}...\``;
  const long = kind === 'boolean' && defaultText === 'true' ? `--no-${flag}` : `--${flag}`;
  const short = letter === undefined ? '' : `, \`-${letter}\``;
  return `\`${`${long} ${valueName}`.trim()}\`${short}`;
}

const optionTable = (groups: readonly OptionGroup[]): string =>
  markdownTable(
    ['option', 'meaning', 'default'],
    listOptions(groups).map((option) => [
      flagOf(option),
      option.description,
      option.kind === 'boolean' ? '' : option.defaultText,
    ]),
  );

const keyTable = (): string =>
  markdownTable(
    ['key', 'default', 'meaning'],
    listOptions(['events', 'rules', 'engagement']).map(({ key, defaultText, description, choices }) => [
      key,
      defaultText,
      choices === undefined ? description : `${description}: ${choices.join(', ')}`,
    ]),
  );

function replaceSection(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  expect(text).toContain(`${begin}\n`);
  expect(text).toContain(end);
  const [before = ''] = text.split(begin, 1);
  return `${before}${begin}\n\n${content}\n\n${text.slice(text.indexOf(end))}`;
}

it('README.md lists every option and key as the schema has them; vitest -u writes them', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const sections = [
    ['options', optionTable(['input', 'result', 'resources', 'terminal'])],
    ['update options', optionTable(['update'])],
    ['keys', keyTable()],
  ] as const;
  const expected = sections.reduce((text, [name, content]) => replaceSection(text, name, content), readme);
  await expect(expected).toMatchFileSnapshot('../README.md');
});

const snippets = [
  ...readFileSync(new URL('../README.md', import.meta.url), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms),
].map(([, language = '', text = '']) => ({ language, text }));
const inLanguage = (language: string): string[] =>
  snippets.filter((snippet) => snippet.language === language).map(({ text }) => text);

describe('what README.md shows', () => {
  it.each(inLanguage('yaml'))('is YAML: %s', (text) => {
    expect(
      parseAllDocuments(text).flatMap((document) => ('errors' in document ? document.errors : [])),
    ).toEqual([]);
  });

  const isPython = spawnSync('python3', ['--version']).status === 0;
  it.skipIf(!isPython).each(inLanguage('python'))('is Python: %s', (text) => {
    const parse = ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'];
    const { status, stderr } = spawnSync('python3', parse, { input: text, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.each([
    ...inLanguage('sh'),
    // A line of a crontab: five fields, then a command.
    ...inLanguage('cron').map((text) => text.replaceAll(/^(\S+ ){5}/gm, '')),
    ...inLanguage('python').flatMap((text) => /bash_command="""(.*?)"""/s.exec(text)?.[1] ?? []),
  ])('is shell: %s', (text) => {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
