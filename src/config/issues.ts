import type { z } from 'zod';
import { nearestName } from '../errors.ts';
import { optionFacts } from './option-facts.ts';
import { plainType, shapeOf, typeAt } from './zod-types.ts';

export type Issue = z.core.$ZodIssue;

function expectedNumber({ isInt, minValue, maxValue }: z.ZodNumber): string {
  const kind = isInt ? 'a whole number' : 'a number';
  if (minValue === null || minValue <= Number.MIN_SAFE_INTEGER) return kind;
  if (maxValue === null || maxValue >= Number.MAX_SAFE_INTEGER) return `${kind} of at least ${minValue}`;
  return `${kind} from ${minValue} to ${maxValue}`;
}

/** What a type accepts, in words. */
export function expectation(type: z.core.$ZodType): string {
  const expected = optionFacts.get(type)?.expected;
  if (expected !== undefined) return expected;
  const plain = plainType(type);
  const { def } = plain._zod;
  switch (def.type) {
    case 'number':
      return expectedNumber(plain as z.ZodNumber);
    case 'boolean':
      return 'true or false';
    case 'enum':
      return `one of ${Object.values(def.entries).join(', ')}`;
    case 'array':
      return `a list, each of it ${expectation(def.element)}`;
    case 'record':
    case 'object':
      return 'keys with values';
    case 'string':
      return 'text that is not empty';
    default:
      return def.type;
  }
}

/** Every path of a schema that ends in `key`, as dotted text. */
function pathsEndingIn(type: z.core.$ZodType, key: string, at: readonly string[] = []): string[] {
  return Object.entries(shapeOf(type) ?? {}).flatMap(([name, inner]) => [
    ...(name === key ? [[...at, name].join('.')] : []),
    ...pathsEndingIn(inner, key, [...at, name]),
  ]);
}

function describeUnknownKey(schema: z.core.$ZodType, path: readonly PropertyKey[], key: string): string {
  const known = Object.keys(shapeOf(typeAt(schema, path) ?? schema) ?? {});
  const near = pathsEndingIn(schema, key)[0] ?? nearestName(key, known);
  const all = known.length > 8 ? 'playfold run --print-config shows all' : `known here: ${known.join(', ')}`;
  const hint = near === undefined ? `; ${all}` : `; did you mean '${near}'?`;
  return `unknown key '${[...path.map(String), key].join('.')}'${hint}`;
}

const valueAt = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], input);

/** What was probably meant, as the end of a sentence. */
function hintAt(schema: z.core.$ZodType, issue: Issue, value: unknown): string {
  const { def } = plainType(typeAt(schema, issue.path) ?? schema)._zod;
  if (def.type === 'enum' && typeof value === 'string') {
    const near = nearestName(value, Object.values(def.entries).map(String));
    return near === undefined ? '' : `; did you mean '${near}'?`;
  }
  const isBareText = issue.code === 'invalid_type' && issue.expected === 'string' && value !== null;
  return isBareText ? '; write it in quotes' : '';
}

function describeMismatch(schema: z.core.$ZodType, issue: Issue): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'too_big' && issue.origin === 'array') return `expected at most ${issue.maximum} items`;
  return `expected ${expectation(typeAt(schema, issue.path) ?? schema)}`;
}

/** What was expected in place of the text of a flag or variable, and what was probably meant. */
export function describeMistake(schema: z.core.$ZodType, issue: Issue, input: unknown): string {
  const hint = hintAt(schema, issue, valueAt(input, issue.path));
  return `${describeMismatch(schema, issue)}${hint === '' ? '.' : hint}`;
}

function quoteValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** One clause that names the key, what was expected, what stands there and what was probably meant. */
export function describeIssue(schema: z.core.$ZodType, issue: Issue, input: unknown): string {
  if (issue.code === 'unrecognized_keys') return describeUnknownKey(schema, issue.path, issue.keys[0] ?? '');
  const name = issue.path.length === 0 ? 'the top level' : `'${issue.path.map(String).join('.')}'`;
  const mismatch = describeMismatch(schema, issue);
  if (issue.code === 'custom') return `${name}: ${mismatch}`;
  const value = valueAt(input, issue.path);
  return `${name}: ${mismatch}, not ${quoteValue(value)}${hintAt(schema, issue, value)}`;
}
