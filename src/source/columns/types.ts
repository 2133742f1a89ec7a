/** A column's type as far as a path into it must know it. */
export type ColumnType =
  | { readonly kind: 'scalar'; readonly name: string }
  | {
      readonly kind: 'struct';
      readonly fields: readonly { readonly name: string; readonly type: ColumnType }[];
    }
  | { readonly kind: 'map'; readonly value: ColumnType }
  | { readonly kind: 'list'; readonly element: ColumnType };

/** Reads a type as DuckDB writes it: `STRUCT("x y" INTEGER, tags VARCHAR[])`. What it cannot read is a scalar. */
export function parseColumnType(text: string): ColumnType {
  const trimmed = text.trim();
  const list = /^(.*)\[\d*\]$/s.exec(trimmed);
  if (list !== null) return { kind: 'list', element: parseColumnType(list[1]!) };
  const nested = /^(STRUCT|MAP)\s*\((.*)\)$/s.exec(trimmed);
  if (nested === null) return { kind: 'scalar', name: trimmed };
  const parts = splitOutside(nested[2]!);
  if (nested[1] === 'MAP') return { kind: 'map', value: parseColumnType(parts[1] ?? 'VARCHAR') };
  return { kind: 'struct', fields: parts.map(parseField) };
}

function parseField(text: string): { name: string; type: ColumnType } {
  const [, quoted, plain, type = 'VARCHAR'] = /^\s*(?:"((?:[^"]|"")*)"|(\S+))\s+(.*)$/s.exec(text) ?? [];
  return { name: quoted?.replaceAll('""', '"') ?? plain ?? text.trim(), type: parseColumnType(type) };
}

/** Parts between the commas that stand outside quotes and brackets. */
function splitOutside(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'|[(),]/g)) {
    if (token === '(') depth++;
    else if (token === ')') depth--;
    else if (token === ',' && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)];
}
