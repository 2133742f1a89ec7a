import { readFileSync } from 'node:fs';
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import { EXIT, PlayfoldError } from '../errors.ts';
import { describeIssue, type Issue } from './issues.ts';
import { settingsSchema } from './schema.ts';
import { shapeOf, typeAt } from './zod-types.ts';

export interface ConfigFile {
  /** What stands there, valid, without defaults. */
  readonly value: Readonly<Record<string, unknown>>;
  /** file:line:column of the key at a path. */
  readonly placeOf: (path: readonly PropertyKey[]) => string;
}

/**
 * Reads a YAML configuration. Throws a PlayfoldError (usage) that names file, line and column; `namedBy` is the
 * flag or variable that names the file.
 */
export function readConfigFile(path: string, namedBy: string): ConfigFile {
  return parseConfigText(readText(path, namedBy), path);
}

function readText(path: string, namedBy: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EISDIR: 'this is a folder; name a file',
      EACCES: 'it may not be read',
    };
    throw new PlayfoldError(`${namedBy} ${path}: ${reasons[code] ?? code}.`, EXIT.usage);
  }
}

/** As readConfigFile, for the text of the file. */
export function parseConfigText(text: string, path: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const [error] = document.errors;
  if (error !== undefined)
    throw new PlayfoldError(
      `${place(error.pos[0])}: ${describeSyntax(error.code, error.message, text.slice(error.pos[0]))}`,
      EXIT.usage,
    );
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined)
        throw new PlayfoldError(
          `${place(startOf(alias) ?? 0)}: no '&${alias.source}' stands before '*${alias.source}'`,
          EXIT.usage,
        );
    },
  });
  const value = withoutEmptySections(toPlain(document, path), []);
  const result = settingsSchema.safeParse(value);
  if (!result.success) {
    const [first] = result.error.issues
      .map((issue) => ({ issue, offset: offsetOf(document, issue) }))
      .sort((a, b) => a.offset - b.offset);
    if (first !== undefined)
      throw new PlayfoldError(
        `${place(first.offset)}: ${describeIssue(settingsSchema, first.issue, value)}`,
        EXIT.usage,
      );
  }
  return {
    value: value as Record<string, unknown>,
    placeOf: (at) => place(startOf(findPair(document, at)?.key) ?? 0),
  };
}

function describeSyntax(code: string, message: string, found: string): string {
  if (code === 'DUPLICATE_KEY') return `key '${/^["']?([^"':\s]*)/.exec(found)?.[1]}' stands there twice`;
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; one is expected';
  return `not valid YAML: ${message.split('\n')[0]}`;
}

function toPlain(document: Document, path: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (error) {
    throw new PlayfoldError(`${path}: not valid YAML: ${(error as Error).message}`, EXIT.usage);
  }
}

/** Leaves out sections with nothing below them, as when all their lines are comments. */
function withoutEmptySections(value: unknown, path: readonly string[]): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    const type = typeAt(settingsSchema, [...path, key]);
    const isSection = type !== undefined && shapeOf(type) !== null;
    return [key, isSection ? withoutEmptySections(inner ?? {}, [...path, key]) : inner];
  });
  return Object.fromEntries(entries);
}

function findPair(document: Document, path: readonly PropertyKey[]): Pair | undefined {
  let at: unknown = document.contents;
  let found: Pair | undefined;
  for (const key of path) {
    if (isSeq(at)) at = at.items[Number(key)];
    else if (isMap(at)) {
      found = at.items.find((item) => String(item.key) === String(key));
      at = found?.value;
    }
  }
  return isPair(found) ? found : undefined;
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

/** Where the file is wrong: at an unknown key, else at the value, else at its key. */
function offsetOf(document: Document, issue: Issue): number {
  if (issue.code === 'unrecognized_keys')
    return startOf(findPair(document, [...issue.path, issue.keys[0] ?? ''])?.key) ?? 0;
  const node = document.getIn(issue.path, true);
  return startOf(node) ?? startOf(findPair(document, issue.path)?.key) ?? 0;
}
