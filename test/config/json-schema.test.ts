import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { listOptions } from '../../src/config/option-list.ts';
import { settingsSchema } from '../../src/config/schema.ts';
import { playfold } from '../built-cli.ts';

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly description?: string;
  readonly default?: unknown;
}

const schema = configJsonSchema() as Node;

describe('the JSON Schema of playfold.yaml', () => {
  it('is what playfold schema config prints', () => {
    expect(JSON.parse(playfold(['schema', 'config']).stdout)).toEqual(schema);
  });

  it('describes every option', () => {
    for (const { path, description } of listOptions()) {
      const node = path.reduce<Node | undefined>((at, key) => at?.properties?.[key], schema);
      expect(node?.description).toContain(description);
    }
  });

  it('holds no default of this machine', () => {
    expect(schema.properties?.threads).not.toHaveProperty('default');
    expect(schema.properties?.memory).not.toHaveProperty('default');
    expect(schema.properties?.sessionTimeoutSeconds?.default).toBe(1800);
  });

  it.each([
    [{}, true],
    [{ threads: 2, memory: '2GB', eventNames: { play: ['go'] }, engagement: { formula: 'points' } }, true],
    [{ sesionTimeoutSeconds: 5 }, false],
    [{ threads: 0 }, false],
    [{ engagement: { formula: 'pts' } }, false],
    [{ engagement: { normalized: { weight: 1 } } }, false],
    [{ eventNames: { play: [3] } }, false],
  ])('judges %o as the schema that it comes from: %s', (value, isValid) => {
    expect(settingsSchema.safeParse(value).success).toBe(isValid);
    expect(z.fromJSONSchema(configJsonSchema()).safeParse(value).success).toBe(isValid);
  });
});
