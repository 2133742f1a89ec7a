import type { CommandModule } from 'yargs';

const SCHEMAS = ['config'] as const;

interface SchemaArguments {
  readonly of: (typeof SCHEMAS)[number];
}

async function handle(): Promise<void> {
  const { configJsonSchema } = await import('../config/json-schema.ts');
  process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
}

/** playfold schema: JSON Schemas for editors and other tools. */
export const schemaCommand: CommandModule<object, SchemaArguments> = {
  command: 'schema <of>',
  describe: 'Print the JSON Schema of playfold.yaml, for editors',
  builder: (yargs) =>
    yargs
      .positional('of', { choices: SCHEMAS, demandOption: true, describe: 'config: playfold.yaml' })
      .example('$0 schema config > playfold.schema.json', 'Let an editor complete and check playfold.yaml'),
  handler: handle,
};
