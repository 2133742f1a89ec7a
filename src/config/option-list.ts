import type { z } from 'zod';
import { optionFacts } from './option-facts.ts';
import { OPTION_GROUPS, type OptionGroup } from './schema.ts';
import { defaultOf, plainType, shapeOf } from './zod-types.ts';

/** One option under all its names. */
export interface Option {
  /** Where it stands in playfold.yaml: ['engagement', 'formula']. */
  readonly path: readonly string[];
  /** The same as text: engagement.formula. */
  readonly key: string;
  /** Without dashes: engagement-formula. */
  readonly flag: string;
  /** PLAYFOLD_ENGAGEMENT_FORMULA. */
  readonly variable: string;
  readonly letter: string | undefined;
  readonly group: OptionGroup;
  readonly type: z.core.$ZodType;
  readonly kind: 'boolean' | 'number' | 'list' | 'map' | 'text';
  /** Values of an option, or of each item of a list, that has few. */
  readonly choices: readonly string[] | undefined;
  /** Whether commas divide what a flag or variable holds. */
  readonly isDivided: boolean;
  readonly description: string;
  /** Empty for a boolean that is false and a list that is empty. */
  readonly defaultText: string;
  /** Stands for the value: SIZE; empty for a boolean. */
  readonly valueName: string;
}

/** Every option of some groups, or of all, in the order of the schema. */
export function listOptions(
  groups = Object.keys(OPTION_GROUPS) as readonly OptionGroup[],
): readonly Option[] {
  return groups.flatMap((group) =>
    Object.entries(OPTION_GROUPS[group].shape).flatMap(([name, type]) => optionsBelow(group, [name], type)),
  );
}

function optionsBelow(group: OptionGroup, path: readonly string[], type: z.core.$ZodType): Option[] {
  const shape = shapeOf(type);
  if (shape === null) return [toOption(group, path, type)];
  return Object.entries(shape).flatMap(([name, inner]) => optionsBelow(group, [...path, name], inner));
}

const VALUE_NAMES = { boolean: '', number: 'N', list: 'LIST', map: 'NAME=VALUE,...', text: 'TEXT' } as const;

function toOption(group: OptionGroup, path: readonly string[], type: z.core.$ZodType): Option {
  const facts = optionFacts.get(type) ?? {};
  const kind = kindOf(type);
  const choices = choicesOf(type);
  const flag = path
    .map((name) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))
    .join('-');
  return {
    path,
    key: path.join('.'),
    flag,
    variable: `PLAYFOLD_${flag.toUpperCase().replaceAll('-', '_')}`,
    letter: facts.letter,
    group,
    type,
    kind,
    choices,
    isDivided: facts.hasCommas !== true,
    description: (type as z.ZodType).description ?? '',
    defaultText: facts.defaultText ?? formatDefault(defaultOf(type)),
    valueName: facts.value ?? (kind === 'text' ? choices?.join('|') : undefined) ?? VALUE_NAMES[kind],
  };
}

function choicesOf(type: z.core.$ZodType): string[] | undefined {
  const { def } = plainType(type)._zod;
  if (def.type === 'array') return choicesOf(def.element);
  return def.type === 'enum' ? Object.values(def.entries).map(String) : undefined;
}

function kindOf(type: z.core.$ZodType): Option['kind'] {
  const { def } = plainType(type)._zod;
  if (def.type === 'boolean' || def.type === 'number') return def.type;
  if (def.type === 'array') return 'list';
  return def.type === 'record' ? 'map' : 'text';
}

function formatDefault(value: unknown): string {
  if (value === undefined || value === false) return '';
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'object'
    ? Object.entries(value ?? {})
        .map((pair) => pair.join('='))
        .join(', ')
    : String(value);
}
