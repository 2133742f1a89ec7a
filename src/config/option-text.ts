import { parse } from 'yaml';
import type { Option } from './option-list.ts';

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };

const divide = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

function parseMap(text: string): unknown {
  const pairs = divide(text).map((item) => /^([^=]+)=(.*)$/s.exec(item));
  if (pairs.includes(null)) return text;
  return Object.fromEntries(pairs.map((pair) => [pair?.[1]?.trim(), pair?.[2]?.trim()]));
}

/** The value that a flag's text stands for; the text itself where it is none, for the schema to refuse. */
export function parseOptionText(option: Option, text: string): unknown {
  switch (option.kind) {
    case 'boolean':
      return BOOLEANS[text.trim().toLowerCase()] ?? text;
    case 'number':
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
    case 'list':
      return option.isDivided ? divide(text) : [text];
    case 'map':
      return parseMap(text);
    case 'text':
      return text;
  }
}

/** As parseOptionText; a variable, which cannot be repeated, may also hold a list or map in brackets as in YAML. */
export function parseVariableText(option: Option, text: string): unknown {
  const isNested = option.kind === 'list' || option.kind === 'map';
  if (!isNested || !/^\s*[[{]/.test(text)) return parseOptionText(option, text);
  try {
    return parse(text);
  } catch {
    return text;
  }
}
