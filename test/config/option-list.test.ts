import { describe, expect, it } from 'vitest';
import { listOptions } from '../../src/config/option-list.ts';
import { settingsSchema } from '../../src/config/schema.ts';

const options = listOptions();

describe('every option', () => {
  it('has names of its own', () => {
    for (const name of ['key', 'flag', 'variable'] as const)
      expect(new Set(options.map((option) => option[name])).size).toBe(options.length);
    const letters = options.map(({ letter }) => letter).filter((letter) => letter !== undefined);
    expect(new Set(letters).size).toBe(letters.length);
  });

  it('is named by one rule', () => {
    const option = options.find(({ key }) => key === 'engagement.normalized.uniqueWeight');
    expect(option).toMatchObject({
      flag: 'engagement-normalized-unique-weight',
      variable: 'PLAYFOLD_ENGAGEMENT_NORMALIZED_UNIQUE_WEIGHT',
      kind: 'number',
      defaultText: '50',
    });
  });

  it.each(options.map((option) => [option.key, option] as const))('%s is described', (_, option) => {
    expect(option.description).not.toBe('');
  });

  it('has a default that the schema accepts', () => {
    // One reading of what the machine has free: the next may differ.
    const defaults = settingsSchema.parse({});
    expect(settingsSchema.parse(defaults)).toEqual(defaults);
  });
});
