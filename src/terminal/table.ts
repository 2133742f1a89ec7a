import Table from 'cli-table3';
import { printable } from './printable.ts';

const NO_BORDERS = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left']
    .concat(['left-mid', 'mid', 'mid-mid', 'right', 'right-mid'])
    .map((part) => [part, '']),
);

/** Lines of a table without borders; columns whose cells are all numbers stand to the right. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  indent: string,
): string[] {
  const isNumeric = (column: number): boolean =>
    rows.every((row) => /^-?[\d.,]*( [%s])?$/.test(row[column] ?? ''));
  const table = new Table({
    chars: { ...NO_BORDERS, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: (rows[0] ?? head).map((_, column) => (isNumeric(column) ? 'right' : 'left')),
  });
  const body = rows.map((row) => row.map(printable));
  table.push(...(head.length === 0 ? body : [[...head], ...body]));
  return table
    .toString()
    .split('\n')
    .map((line) => `${indent}${line}`.trimEnd());
}
