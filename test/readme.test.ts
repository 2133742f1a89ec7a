import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { listOptions, type Option } from '../src/config/option-list.ts';

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

const optionTable = (): string =>
  markdownTable(
    ['option', 'meaning', 'default'],
    listOptions(['input', 'result', 'resources', 'terminal']).map((option) => [
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
  const expected = replaceSection(replaceSection(readme, 'options', optionTable()), 'keys', keyTable());
  await expect(expected).toMatchFileSnapshot('../README.md');
});
