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

/** The expectation that an issue says was not met, without the name of what is wrong. */
export function describeMismatch(schema: z.core.$ZodType, issue: Issue): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'too_big' && issue.origin === 'array') return `expected at most ${issue.maximum} items`;
  return `expected ${expectation(typeAt(schema, issue.path) ?? schema)}`;
}

function quoteValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** One clause that names the key, what was expected and what stands there. */
export function describeIssue(schema: z.core.$ZodType, issue: Issue, input: unknown): string {
  if (issue.code === 'unrecognized_keys') return describeUnknownKey(schema, issue.path, issue.keys[0] ?? '');
  const name = issue.path.length === 0 ? 'the top level' : `'${issue.path.map(String).join('.')}'`;
  const mismatch = describeMismatch(schema, issue);
  if (issue.code === 'custom') return `${name}: ${mismatch}`;
  const value = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    input,
  );
  const isBareText = issue.code === 'invalid_type' && issue.expected === 'string' && value !== null;
  return `${name}: ${mismatch}, not ${quoteValue(value)}${isBareText ? '; write it in quotes' : ''}`;
}
