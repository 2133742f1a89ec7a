import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type QueryOptions, query } from '../src/query/query.ts';
import { parameterValues, readReady } from '../src/query/ready.ts';
import { scenarioLines } from '../src/sample/sample-data.ts';
import { type SampleEvent, sampleVideos } from '../src/sample/scenarios.ts';
import { runJson, writeText } from './built-cli.ts';

/** No scenario stops after most of a video: nadia leaves the first one at 200 of 300 s. */
const nadia: readonly SampleEvent[] = [0, 200].map((currentTime) => ({
  timestamp: new Date(Date.UTC(2026, 0, 20) + currentTime * 1000).toISOString(),
  userId: 'nadia',
  sessionId: 'nadia-s1',
  videoId: 'video_001',
  eventName: currentTime === 0 ? 'play' : 'pause',
  currentTime,
  fromTime: null,
}));

/** Folds the scenarios of SPEC.md section 7 and nadia's visit to `folder`/watch and gives that path. */
export function publishScenarios(folder: string, ...options: readonly string[]): string {
  const events = writeText(
    join(folder, 'events.ndjson'),
    scenarioLines() + nadia.map((event) => JSON.stringify(event)).join('\n'),
  );
  const videos = writeText(
    join(folder, 'videos.ndjson'),
    sampleVideos.map((video) => JSON.stringify(video)).join('\n'),
  );
  const out = join(folder, 'watch');
  runJson(events, '--videos', videos, '--out', out, ...options);
  return out;
}

/** A place for an answer, as a terminal of so many columns or as a pipe. */
export class Answer extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;

  constructor(columns?: number) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns ?? 0;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** What a query answers on stdout. */
export async function ask(
  dir: string,
  text: string,
  options: Partial<QueryOptions> & { readonly columns?: number } = {},
): Promise<string> {
  const stdout = new Answer(options.columns);
  await query({ dir, question: { text }, stdout, ...options });
  return stdout.text;
}

/** The rows of a ready query. */
export async function askReady(
  dir: string,
  name: string,
  given: Readonly<Record<string, string | number>> = {},
): Promise<Record<string, unknown>[]> {
  const ready = readReady(name);
  const stdout = new Answer();
  const question = { sql: ready.sql, values: parameterValues(ready, given) };
  await query({ dir, question, stdout, format: 'json' });
  return JSON.parse(stdout.text) as Record<string, unknown>[];
}
