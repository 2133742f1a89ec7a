import { type Database, quoteName } from '../../duckdb.ts';
import type { InputFile } from '../formats.ts';
import { isLineJson, readerOf } from '../readers.ts';
import { sampleRows } from '../sample-rows.ts';
import type { SourceColumn } from './paths.ts';
import type { ColumnType } from './types.ts';

const SAMPLE_ROWS = 1000;
const MAX_TEXT = 65_536;
const MAX_DEPTH = 4;

/** The columns with the shape of the JSON objects, where most of a column's text in the first rows is such. */
export async function sampleShapes(
  database: Database,
  file: InputFile,
  columns: readonly SourceColumn[],
): Promise<SourceColumn[]> {
  const texts = columns.filter(
    ({ type, shape }) => shape === null && type.kind === 'scalar' && /^(VARCHAR|JSON)$/.test(type.name),
  );
  if (texts.length === 0) return [...columns];
  const names = texts.map(({ name }) => name);
  const isText = file.dialect !== null || isLineJson(file);
  if (isText) return shapesOf(columns, texts, await sampleTexts(file, names));
  const objects = names.map((name, i) => {
    const text = `CAST(${quoteName(name)} AS VARCHAR)`;
    return `CASE WHEN starts_with(ltrim(${text}), '{') AND length(${text}) <= ${MAX_TEXT} THEN ${text}
      ELSE nullif(left(${text}, 1), '') END AS c${i}`;
  });
  const reader = readerOf([file], { names });
  const rows = await database.rows<Record<string, string | null>>(
    `SELECT ${objects.join(', ')} FROM ${reader} LIMIT ${SAMPLE_ROWS}`,
  );
  return shapesOf(columns, texts, rows);
}

/** As the query does: whole objects, and of other texts the first character. */
async function sampleTexts(
  file: InputFile,
  names: readonly string[],
): Promise<Record<string, string | null>[]> {
  const take = (text: string): string =>
    text.trimStart().startsWith('{') && text.length <= MAX_TEXT ? text : text.slice(0, 1);
  const rows = await sampleRows(file, SAMPLE_ROWS);
  return rows.map((row) =>
    Object.fromEntries(names.map((name, i) => [`c${i}`, take(row[name] ?? '') || null])),
  );
}

function shapesOf(
  columns: readonly SourceColumn[],
  texts: readonly SourceColumn[],
  rows: readonly Readonly<Record<string, string | null>>[],
): SourceColumn[] {
  return columns.map((column) => {
    const index = texts.indexOf(column);
    if (index === -1) return column;
    return { ...column, shape: shapeOf(rows.map((row) => row[`c${index}`] ?? null)) };
  });
}

function shapeOf(texts: readonly (string | null)[]): ColumnType | null {
  const shape = new ObjectShape();
  const values = texts.filter((text) => text !== null).map(parseJson);
  const objects = values.filter((value) => typeof value === 'object' && value !== null);
  for (const value of objects) shape.add(value, MAX_DEPTH);
  return shape.isEmpty || objects.length < values.length / 2 ? null : shape.toType();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * The keys of objects, and of the objects inside them to a depth. Not by DuckDB's json_structure, which descends
 * into whatever it meets, and very deep values end the process.
 */
class ObjectShape {
  private readonly fields = new Map<string, ObjectShape>();

  get isEmpty(): boolean {
    return this.fields.size === 0;
  }

  add(value: unknown, depth: number): void {
    if (depth === 0 || typeof value !== 'object' || value === null || Array.isArray(value)) return;
    for (const [name, inner] of Object.entries(value)) {
      const field = this.fields.get(name) ?? new ObjectShape();
      this.fields.set(name, field);
      field.add(inner, depth - 1);
    }
  }

  toType(): ColumnType {
    if (this.isEmpty) return { kind: 'scalar', name: 'VARCHAR' };
    const fields = [...this.fields].map(([name, field]) => ({ name, type: field.toType() }));
    return { kind: 'struct', fields };
  }
}
