import { z } from 'zod';
import {
  CLASS_NAMES,
  type ClassName,
  DEFAULT_EVENT_NAMES,
  normalizeEventName,
} from '../source/event-classes.ts';

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

export const eventKeys = {
  timestampUnit: z
    .enum(['auto', 's', 'ms', 'us'])
    .default('auto')
    .describe('Unit of numeric timestamps; auto goes by magnitude'),
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
