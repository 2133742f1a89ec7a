import { formatTable } from './table.ts';

/**
 * Rows as a table, or one value a line where a table is wider than the terminal (`width` columns; undefined where
 * there is none).
 */
export function formatRows(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string {
  if (rows.length === 0) return `No rows (${names.join(', ')}).\n`;
  const table = formatTable(names, rows, '');
  const isTooWide = width !== undefined && table.some((line) => line.length > width);
  const lines = isTooWide
    ? rows.flatMap((row, i) => [
        `row ${i + 1}`,
        ...formatTable(
          [],
          row.map((cell, column) => [names[column]!, cell]),
          '  ',
        ),
      ])
    : table;
  return `${lines.join('\n')}\n`;
}
