import { z } from 'zod';
import { nearestName } from '../errors.ts';
import { EVENT_COLUMNS, VIDEO_COLUMNS } from '../source/columns/names.ts';
import { parsePath } from '../source/columns/paths.ts';
import { isTimeZone, TIMESTAMP_UNITS } from '../source/columns/timestamps.ts';
import { DIALECT_NAMES } from '../source/dialects/index.ts';
import {
  CLASS_NAMES,
  type ClassName,
  DEFAULT_EVENT_NAMES,
  normalizeEventName,
} from '../source/event-classes.ts';
import { optionFacts } from './option-facts.ts';

// The keys of SPEC.md: what decides the numbers. One entry is one key, as in options.ts.

const seconds = (fallback: number, description: string, most = 1e9) =>
  z.number().min(0).max(most).default(fallback).describe(description);

const weight = (fallback: number, description: string) => seconds(fallback, description, 1e6);

const names = (className: ClassName, description: string) =>
  z
    .array(z.string().min(1))
    .max(64)
    .default([...DEFAULT_EVENT_NAMES[className]])
    .describe(description);

type EventNames = Readonly<Record<ClassName, readonly string[]>>;

function refuseSharedNames(classes: EventNames, context: z.RefinementCtx): void {
  const seen = new Map<string, string>();
  for (const className of CLASS_NAMES) {
    for (const name of classes[className]) {
      const other = seen.get(normalizeEventName(name));
      if (other !== undefined && other !== className)
        context.addIssue({
          code: 'custom',
          path: [className],
          message: `'${name}' stands under both ${other} and ${className}`,
        });
      seen.set(normalizeEventName(name), className);
    }
  }
}

/** Where columns stand, by their names: { userId: 'account.id' }. */
const columnPaths = (columns: readonly string[], description: string, defaultText: string) =>
  z
    .record(z.string(), z.string())
    .superRefine((paths, context) => {
      for (const [column, path] of Object.entries(paths)) {
        const near = nearestName(column, columns);
        const hint =
          near === undefined ? `expected one of ${columns.join(', ')}` : `the nearest is '${near}'`;
        if (!columns.includes(column))
          context.addIssue({ code: 'custom', message: `there is no column '${column}'; ${hint}` });
        else if (parsePath(path) === null)
          context.addIssue({
            code: 'custom',
            message: `${column}: '${path}' is no column and no path such as props.position`,
          });
      }
    })
    .default({})
    .describe(description)
    .register(optionFacts, {
      value: 'NAME=PATH,...',
      expected: 'columns with their paths, such as userId=uid,currentTime=props.position',
      defaultText,
    });

const ZONE = 'an IANA time zone such as Europe/Berlin';

export const eventKeys = {
  columns: columnPaths(
    EVENT_COLUMNS,
    'Where columns of the events stand: a name, or a path into it',
    'found by dialect and name',
  ),
  dialect: z
    .enum(['auto', ...DIALECT_NAMES])
    .default('auto')
    .describe('Layout of the events; auto goes by the columns of each file'),
  timestampUnit: z
    .enum(TIMESTAMP_UNITS)
    .default('auto')
    .describe('Unit of numeric timestamps; auto goes by magnitude'),
  timezone: z
    .string()
    .refine(isTimeZone, `expected ${ZONE}`)
    .default('UTC')
    .describe('Time zone of timestamps that have none')
    .register(optionFacts, { value: 'ZONE', expected: ZONE }),
  videoColumns: columnPaths(VIDEO_COLUMNS, 'Where columns of the video metadata stand', 'found by name'),
  videoDurationUnit: z
    .enum(['auto', 's', 'ms'])
    .default('auto')
    .describe('Unit of numeric durations; auto is ms where the column is called so (duration_ms), else s'),
  eventNames: z
    .strictObject({
      play: names('play', 'Events that start watching'),
      resume: names('resume', 'Events that go on watching'),
      pause: names('pause', 'Events that stop watching'),
      end: names('end', 'Events that complete a visit'),
      seek: names('seek', 'Jumps'),
      progress: names('progress', 'Signs of watching in between'),
    })
    .superRefine(refuseSharedNames)
    .prefault({})
    .describe('Event names of each class, matched without case and surrounding space'),
};

export const ruleKeys = {
  maxSegmentSeconds: seconds(14400, 'Longest segment that is credited', 1e7),
  maxPlaybackRate: z.number().min(0.1).max(64).default(2).describe('Fastest playback that is believed'),
  toleranceSeconds: seconds(5, 'Grace on top of the playback rate', 1e7),
  forwardSkipSeconds: seconds(5, 'A jump ahead by more than this is a forward skip'),
  backwardSkipSeconds: seconds(2, 'A jump back by more than this is a backward skip'),
  sessionTimeoutSeconds: seconds(1800, 'A longer gap between two events starts a new visit; 0 = never'),
  positionToleranceSeconds: seconds(1, 'M further than this beyond D is position_exceeds_duration'),
  excessiveWatchRatio: weight(1.2, 'W above this x D x visits is excessive_watch_time'),
  sufficientWatchPercent: z
    .number()
    .min(0)
    .max(100)
    .default(75)
    .describe('Completed with less of it watched is completed_without_sufficient_watch'),
  shortWatchSeconds: seconds(10, 'W below this is very_short_watch'),
};

const tiers = (sign: string, high: number, medium: number, low: number) =>
  z
    .strictObject({
      high: weight(high, `Tier High where score ${sign} this`),
      medium: weight(medium, `Tier Medium where score ${sign} this`),
      low: weight(low, `Tier Low where score ${sign} this`),
    })
    .prefault({});

export const engagementKeys = {
  engagement: z
    .strictObject({
      formula: z
        .enum(['normalized', 'points'])
        .default('normalized')
        .describe('Score on 0 to 100, or points as the Databricks script has them'),
      normalized: z
        .strictObject({
          uniqueWeight: weight(50, 'Weight of min(1, U/D)'),
          reachWeight: weight(30, 'Weight of min(1, M/D)'),
          watchWeight: weight(20, 'Weight of min(1, W/D)'),
          skipPenalty: weight(2, 'Taken off for each skip'),
          maxSkipPenalty: weight(20, 'The most that skips take off'),
          tiers: tiers('>=', 75, 50, 25),
        })
        .prefault({}),
      points: z
        .strictObject({
          perMinute: weight(1, 'For each minute watched'),
          perCompletion: weight(50, 'For each completed visit'),
          perSession: weight(5, 'For each visit'),
          perSkip: weight(2, 'Taken off for each skip'),
          tiers: tiers('>', 100, 50, 10),
        })
        .prefault({}),
    })
    .prefault({})
    .describe('Engagement score and tier (SPEC.md section 5)'),
};
