import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Database, quoteText } from '../duckdb.ts';
import { generateLake } from '../generate/lake.ts';
import { sampleVideos, scenarios } from './scenarios.ts';

export interface SampleData {
  /** NDJSON of all scenarios and a folder of generated Parquet. */
  readonly inputs: readonly string[];
  /** CSV: videoId, duration, title. */
  readonly videosPath: string;
}

/** Writes sample input below `folder`: every scenario of SPEC.md section 7 and `eventCount` generated events. */
export async function writeSampleData(folder: string, eventCount: number): Promise<SampleData> {
  const generated = join(folder, 'generated');
  await mkdir(generated, { recursive: true });
  const lake = await generateLake({
    eventCount,
    userCount: Math.max(10, Math.round(eventCount / 110)),
    videoCount: 200,
    seed: 1,
    outDir: generated,
  });
  const scenariosPath = join(folder, 'scenarios.ndjson');
  await writeFile(scenariosPath, scenarioLines());
  const videosPath = join(folder, 'videos.csv');
  await writeVideos(videosPath, lake.videosPath, join(folder, '.temporary'));
  return { inputs: [scenariosPath, lake.eventsPath], videosPath };
}

/** The scenarios' events as NDJSON. */
export function scenarioLines(): string {
  const lines = scenarios.flatMap(({ events }) => events.map((event) => JSON.stringify(event)));
  return `${lines.join('\n')}\n`;
}

async function writeVideos(path: string, generatedPath: string, tempFolder: string): Promise<void> {
  const values = sampleVideos.map(
    ({ videoId, duration, title }) => `(${quoteText(videoId)}, ${duration}, ${quoteText(title)})`,
  );
  const database = await Database.open({ threads: 1, memoryBytes: 256e6, tempFolder });
  try {
    await database.run(
      `COPY (SELECT * FROM (VALUES ${values.join(', ')}) AS sample(videoId, duration, title)
        UNION ALL SELECT videoId, duration, title FROM read_parquet(${quoteText(generatedPath)}))
       TO ${quoteText(path)} (FORMAT csv, HEADER)`,
    );
  } finally {
    database.close();
  }
}
