import { z } from 'zod';

const counts = z.record(z.string(), z.number());

/** What commands on a result read of its manifest; later versions may have added more. */
const manifestShape = z.object({
  version: z.string(),
  finishedAt: z.string(),
  inputs: z.array(z.string()),
  config: z.looseObject({ engagement: z.looseObject({ formula: z.string() }) }),
  summary: z.object({
    out: z.string(),
    events: z.object({
      read: z.number(),
      kept: z.number(),
      invalid: z.number(),
      invalidByReason: counts,
      unknownEventNames: counts,
      folded: z.number(),
      duplicates: z.number(),
    }),
    result: z.object({
      users: z.number(),
      videos: z.number(),
      rows: z.number(),
      totalWatchSeconds: z.number(),
      tiers: counts,
      flags: counts,
      watchPercentageQuartiles: z.array(z.number()).nullable(),
      topVideos: z.array(z.object({ videoId: z.string(), viewers: z.number(), watchSeconds: z.number() })),
    }),
    checks: z.array(z.unknown()),
    contentHash: z.string(),
    files: z.number(),
    bytes: z.number(),
    spilledBytes: z.number(),
    threads: z.number(),
    peakRssBytes: z.number(),
    seconds: z.number(),
    stages: z.array(z.object({ stage: z.string(), seconds: z.number(), rows: z.number() })),
  }),
});

/** The member of a manifest, such as summary.checks, that is not what commands on a result need; null where all are. */
export function unusableMember(manifest: object): string | null {
  return manifestShape.safeParse(manifest).error?.issues[0]?.path.join('.') ?? null;
}
