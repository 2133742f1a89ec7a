import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { scenarioLines } from '../../src/sample/sample-data.ts';
import { sampleVideos, scenarios } from '../../src/sample/scenarios.ts';
import type { RunSummary } from '../../src/summary.ts';
import { readResult, runJson, temporaryFolder, writeText } from '../built-cli.ts';
import { type Expectation, expectations, withoutTimeout } from '../scenario-expectations.ts';

const folder = temporaryFolder();
const events = writeText(join(folder, 'events.ndjson'), scenarioLines());
const videos = writeText(
  join(folder, 'videos.ndjson'),
  sampleVideos.map((video) => JSON.stringify(video)).join('\n'),
);

function rowOf(rows: readonly Record<string, unknown>[], { id, videoId }: Expectation) {
  const userId = scenarios.find((scenario) => scenario.id === id)?.userId;
  return rows.find((row) => row.userId === userId && row.videoId === videoId);
}

describe('the scenarios of SPEC.md section 7, through the built command line', () => {
  let rows: Record<string, unknown>[] = [];
  let summary: RunSummary;

  beforeAll(async () => {
    const out = join(folder, 'out');
    summary = runJson(events, '--videos', videos, '--out', out);
    rows = await readResult(out);
  });

  it.each(expectations.map((expectation) => [expectation.id, expectation] as const))(
    '%s',
    (_, expectation) => {
      expect(rowOf(rows, expectation)).toMatchObject(expectation.columns);
    },
  );

  it('expects something of every scenario', () => {
    expect(new Set(expectations.map(({ id }) => id))).toEqual(new Set(scenarios.map(({ id }) => id)));
  });

  it('has one row for each user and video, and accounts for every event', () => {
    const sent = scenarios.flatMap((scenario) => scenario.events);
    expect(rows).toHaveLength(31);
    expect(summary.events).toMatchObject({
      read: sent.length,
      invalid: 3,
      invalidByReason: { missing_user: 1, missing_video: 1, bad_position: 1 },
      duplicates: 1,
    });
  });

  it('17 with sessionTimeoutSeconds: 0 is one session', async () => {
    const config = writeText(join(folder, 'off.yaml'), 'sessionTimeoutSeconds: 0\n');
    const out = join(folder, 'out-off');
    runJson(events, '--videos', videos, '--out', out, '--config', config);
    expect(rowOf(await readResult(out), withoutTimeout)).toMatchObject(withoutTimeout.columns);
  });
});
