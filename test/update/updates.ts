import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPipeline } from '../../dist/pipeline.js';
import { resolveOptions, type WorkSizes } from '../../dist/run-options.js';
import { resolveUpdateOptions, type UpdateOptions } from '../../dist/update/update-options.js';
import { updatePipeline } from '../../dist/update/update-pipeline.js';
import type { SampleEvent } from '../../src/sample/scenarios.ts';
import type { RunSummary } from '../../src/summary.ts';
import type { State } from '../../src/update/state.ts';
import { temporaryFolder, writeText } from '../built-cli.ts';

// The build, because a worker cannot load TypeScript on Node 20.

/** A folder of this test file's own, in which runs also put their temporary data. */
export function updateFolder(): string {
  const folder = temporaryFolder();
  const temporary = join(folder, '_temporary');
  mkdirSync(temporary);
  process.env.TMPDIR = temporary;
  return folder;
}

export const update = async (options: UpdateOptions, sizes: WorkSizes = {}): Promise<RunSummary> =>
  updatePipeline(resolveUpdateOptions({ threads: 1, memory: '512MB', ...options }, sizes));

/** How many carries each file of a state holds, the oldest first. */
export function countCarries(out: string): number[] {
  const { carries } = JSON.parse(readFileSync(join(out, '_state', 'state.json'), 'utf8')) as State;
  return carries.map(({ count }) => count);
}

/** A run over all of the inputs: what the updates must come to. */
export const runWhole = (options: UpdateOptions): Promise<RunSummary> => {
  const { lateness: _, late: __, changed: ___, filesFrom: ____, inputs = [], ...rest } = options;
  return runPipeline(resolveOptions({ threads: 1, memory: '512MB', ...rest, inputs }));
};

export const toNdjson = (rows: readonly SampleEvent[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** An event in short: user, video and session in one, class, minute of the day and second of video. */
export function event(day: number, minute: number, eventName: string, currentTime: number, user = 'ann') {
  const timestamp = new Date(Date.UTC(2026, 0, day) + minute * 60_000).toISOString();
  return {
    timestamp,
    userId: user,
    sessionId: `${user} s`,
    videoId: 'v1',
    eventName,
    currentTime,
    fromTime: null,
  };
}

export const writeEvents = (path: string, rows: readonly SampleEvent[]): string =>
  writeText(path, toNdjson(rows));
