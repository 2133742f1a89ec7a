import { z } from 'zod';
import { optionFacts } from './option-facts.ts';
import { settingsSchema } from './schema.ts';

/** The JSON Schema of playfold.yaml, for editors; draft 7, which they all know. */
export function configJsonSchema(): z.core.JSONSchema.JSONSchema {
  return z.toJSONSchema(settingsSchema, {
    target: 'draft-7',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const facts = optionFacts.get(zodSchema);
      // Such a default is of this machine.
      if (facts?.defaultText === undefined) return;
      delete jsonSchema.default;
      jsonSchema.description = `${jsonSchema.description} (default: ${facts.defaultText})`;
    },
  });
}
