import { z } from 'zod';
import { EXIT, nearestName, PlayfoldError } from './errors.ts';
import { CLASS_NAMES, DEFAULT_EVENT_NAMES, normalizeEventName } from './source/event-classes.ts';

const seconds = (fallback: number, description: string) =>
  z.number().min(0).max(1e9).default(fallback).describe(description);

const weight = (fallback: number, description: string) =>
  z.number().min(0).max(1e6).default(fallback).describe(description);

const names = z.array(z.string().min(1)).max(64);

const eventNames = z
  .strictObject({
    play: names.default([...DEFAULT_EVENT_NAMES.play]),
    resume: names.default([...DEFAULT_EVENT_NAMES.resume]),
    pause: names.default([...DEFAULT_EVENT_NAMES.pause]),
    end: names.default([...DEFAULT_EVENT_NAMES.end]),
    seek: names.default([...DEFAULT_EVENT_NAMES.seek]),
    progress: names.default([...DEFAULT_EVENT_NAMES.progress]),
  })
  .superRefine((classes, context) => {
    const seen = new Map<string, string>();
    for (const className of CLASS_NAMES) {
      for (const name of classes[className]) {
        const other = seen.get(normalizeEventName(name));
        if (other !== undefined && other !== className)
          context.addIssue({
            code: 'custom',
            message: `'${name}' stands under both ${other} and ${className}`,
          });
        seen.set(normalizeEventName(name), className);
      }
    }
  })
  .prefault({})
  .describe('Event names of each class, matched without case and surrounding space');

const tiers = (high: number, medium: number, low: number) =>
  z
    .strictObject({
      high: weight(high, 'Tier High from this score on'),
      medium: weight(medium, 'Tier Medium from this score on'),
      low: weight(low, 'Tier Low from this score on'),
    })
    .prefault({});

const engagement = z
  .strictObject({
    formula: z.enum(['normalized', 'points']).default('normalized').describe('Which score to compute'),
    normalized: z
      .strictObject({
        uniqueWeight: weight(50, 'Weight of min(1, U/D)'),
        reachWeight: weight(30, 'Weight of min(1, M/D)'),
        watchWeight: weight(20, 'Weight of min(1, W/D)'),
        skipPenalty: weight(2, 'Taken off for each skip'),
        maxSkipPenalty: weight(20, 'The most that skips take off'),
        tiers: tiers(75, 50, 25).describe('Scores from which a tier holds (>=)'),
      })
      .prefault({}),
    points: z
      .strictObject({
        perMinute: weight(1, 'For each minute watched'),
        perCompletion: weight(50, 'For each completed visit'),
        perSession: weight(5, 'For each visit'),
        perSkip: weight(2, 'Taken off for each skip'),
        tiers: tiers(100, 50, 10).describe('Scores above which a tier holds (>)'),
      })
      .prefault({}),
  })
  .prefault({})
  .describe('Engagement score and tier (SPEC.md section 5)');

/** Every key of SPEC.md, with its default: the one source of validation, defaults and documentation. */
export const configSchema = z.strictObject({
  timestampUnit: z
    .enum(['auto', 's', 'ms', 'us'])
    .default('auto')
    .describe('Unit of numeric timestamps; auto goes by magnitude'),
  eventNames,
  maxSegmentSeconds: z.number().min(0).max(1e7).default(14400).describe('Longest segment that is credited'),
  maxPlaybackRate: z.number().min(0.1).max(64).default(2).describe('Fastest playback that is believed'),
  toleranceSeconds: z.number().min(0).max(1e7).default(5).describe('Grace on top of the playback rate'),
  forwardSkipSeconds: seconds(5, 'A jump ahead by more than this is a forward skip'),
  backwardSkipSeconds: seconds(2, 'A jump back by more than this is a backward skip'),
  sessionTimeoutSeconds: seconds(1800, 'A longer gap between two events starts a new visit; 0 = never'),
  positionToleranceSeconds: seconds(1, 'How far M may pass D before position_exceeds_duration'),
  excessiveWatchRatio: z
    .number()
    .min(0)
    .max(1e6)
    .default(1.2)
    .describe('W above this x D x sessions is flagged'),
  sufficientWatchPercent: z.number().min(0).max(100).default(75).describe('Completed below this is flagged'),
  shortWatchSeconds: seconds(10, 'W below this is very_short_watch'),
  engagement,
});

/** A whole configuration: every key has a value. */
export type Config = z.output<typeof configSchema>;
/** What a user may write: every key is optional. */
export type ConfigInput = z.input<typeof configSchema>;

type Issue = z.core.$ZodIssue;

/** The keys that stand at a path of the schema, for the nearest name to a mistyped one. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let at: unknown = configSchema.parse({});
  for (const key of path) at = (at as Record<PropertyKey, unknown>)[key];
  return Object.keys(at as object);
}

function describeIssue(issue: Issue): string {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const near = nearestName(key, keysAt(issue.path));
    const full = [...issue.path.map(String), key].join('.');
    return `unknown key '${full}'${near === undefined ? `; known here: ${keysAt(issue.path).join(', ')}` : `; did you mean '${near}'?`}`;
  }
  return `${path === '' ? 'the top level' : `'${path}'`}: ${issue.message}`;
}

/** Fills in defaults. Throws a PlayfoldError (usage) that names `source` and the first key that is wrong. */
export function parseConfig(input: unknown, source: string): Config {
  const result = configSchema.safeParse(input ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new PlayfoldError(
    `${source}: ${issue === undefined ? 'not valid' : describeIssue(issue)}`,
    EXIT.usage,
  );
}
