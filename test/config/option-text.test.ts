import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Option } from '../../src/config/option-list.ts';
import { parseOptionText, parseVariableText } from '../../src/config/option-text.ts';

const option = (kind: Option['kind'], isDivided = true): Option => ({
  path: ['x'],
  key: 'x',
  flag: 'x',
  variable: 'PLAYFOLD_X',
  letter: undefined,
  group: 'input',
  type: z.any(),
  kind,
  choices: undefined,
  isDivided,
  description: '',
  defaultText: '',
  valueName: '',
});

describe('the text of a flag', () => {
  it.each([
    ['number', '1e3', 1000],
    ['number', ' 0.5 ', 0.5],
    ['number', '', ''],
    ['number', '5 s', '5 s'],
    ['boolean', 'TRUE', true],
    ['boolean', '0', false],
    ['boolean', 'yes', 'yes'],
    ['text', '007', '007'],
    ['list', 'go, start ,', ['go', 'start']],
    ['list', '[a]b', ['[a]b']],
    ['map', 'userId=user_id, currentTime=props.a=b', { userId: 'user_id', currentTime: 'props.a=b' }],
    ['map', 'userId', 'userId'],
  ] as const)('for a %s, %j, is %j', (kind, text, expected) => {
    expect(parseOptionText(option(kind), text)).toEqual(expected);
  });

  it('is one item where items may hold commas', () => {
    expect(parseOptionText(option('list', false), 'a,b.csv')).toEqual(['a,b.csv']);
  });
});

describe('the text of a variable', () => {
  it.each([
    ['list', '[go, "a,b"]', ['go', 'a,b']],
    ['list', 'go,start', ['go', 'start']],
    ['list', '[go', '[go'],
    ['map', '{userId: "a,b"}', { userId: 'a,b' }],
    ['text', '[a]', '[a]'],
  ] as const)('for a %s, %j, is %j', (kind, text, expected) => {
    expect(parseVariableText(option(kind), text)).toEqual(expected);
  });
});
