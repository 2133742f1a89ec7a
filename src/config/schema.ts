import { z } from 'zod';
import { EXIT, PlayfoldError } from '../errors.ts';
import { describeIssue } from './issues.ts';
import { engagementKeys, eventKeys, ruleKeys } from './keys.ts';
import { inputOptions, resourceOptions, resultOptions, terminalOptions, updateOptions } from './options.ts';
import { parseTimeUs } from './times.ts';

/** Groups of options, in the order of --help and the README; a command takes those that it needs. */
export const OPTION_GROUPS = {
  input: { title: 'Input', shape: inputOptions },
  result: { title: 'Result', shape: resultOptions },
  update: { title: 'Update', shape: updateOptions },
  resources: { title: 'Resources', shape: resourceOptions },
  terminal: { title: 'Terminal', shape: terminalOptions },
  events: { title: 'Reading events', shape: eventKeys },
  rules: { title: 'Rules (seconds of video or of time)', shape: ruleKeys },
  engagement: { title: 'Engagement', shape: engagementKeys },
} as const;
export type OptionGroup = keyof typeof OPTION_GROUPS;

const runShape = { ...inputOptions, ...resultOptions, ...resourceOptions };

/** The keys of SPEC.md alone: what decides the numbers, and what _run.json keeps. */
export const configSchema = z.strictObject({ ...eventKeys, ...ruleKeys, ...engagementKeys });

interface TimeWindow {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

function refuseEmptyWindow({ since, until }: TimeWindow, context: z.RefinementCtx): void {
  const [sinceUs, untilUs] = [parseTimeUs(since ?? ''), parseTimeUs(until ?? '')];
  if (sinceUs !== null && untilUs !== null && sinceUs >= untilUs)
    context.addIssue({
      code: 'custom',
      path: ['until'],
      message: 'must be later than since: rows with since <= timestamp < until are read',
    });
}

interface Result {
  readonly tables: readonly string[];
  readonly uniqueSeconds: boolean;
}

function refuseRetentionWithoutRanges({ tables, uniqueSeconds }: Result, context: z.RefinementCtx): void {
  if (tables.includes('retention') && !uniqueSeconds)
    context.addIssue({
      code: 'custom',
      path: ['tables'],
      message: 'retention is made from the watched ranges, which uniqueSeconds leaves out',
    });
}

/** Everything that flags, environment and playfold.yaml may say. */
export const settingsSchema = z
  .strictObject({ ...runShape, ...updateOptions, ...terminalOptions, ...configSchema.shape })
  .superRefine(refuseEmptyWindow)
  .superRefine(refuseRetentionWithoutRanges);

/** The same as the library takes it: the keys of SPEC.md stand in `config`. */
export const runOptionsSchema = z
  .strictObject({ ...runShape, config: configSchema.prefault({}) })
  .superRefine(refuseEmptyWindow)
  .superRefine(refuseRetentionWithoutRanges);

/** What `update` takes beside what `run` takes. */
export const updateOptionsSchema = z.strictObject(updateOptions);

/** A whole configuration: every key has a value. */
export type Config = z.output<typeof configSchema>;
/** What a user may write: every key is optional. */
export type ConfigInput = z.input<typeof configSchema>;
export type SettingsInput = z.input<typeof settingsSchema>;
export type SettingsOutput = z.output<typeof settingsSchema>;

/** Validates and fills in defaults. Throws a PlayfoldError (usage) that names `source` and what is wrong. */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  source: string,
): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new PlayfoldError(
    `${source}: ${issue === undefined ? 'not valid' : describeIssue(schema, issue, input)}`,
    EXIT.usage,
  );
}

/** Fills in the defaults of the keys of SPEC.md. Throws a PlayfoldError (usage). */
export function parseConfig(input: ConfigInput | undefined, source: string): Config {
  return parseWith(configSchema, input ?? {}, source);
}
