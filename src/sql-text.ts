/** SQL text for a value: 'it''s'. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** SQL text for an identifier: "a ""b""". */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A path for read_parquet and its kin, which take every path for a glob; `pattern` below it stays one. */
export function quotePath(path: string, pattern = ''): string {
  return quoteText(path.replaceAll(/[*?[]/g, (special) => `[${special}]`) + pattern);
}
