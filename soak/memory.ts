import { join } from 'node:path';
import { generateLake } from '../src/generate/lake.ts';
import type { RunSummary } from '../src/summary.ts';
import { type Extent, type Finding, startCli, type Workshop } from './harness.ts';

const BUDGET_BYTES = 512 * 2 ** 20;
const FIRST_EVENTS = 250_000;

/** Peak resident memory of runs over 1, 4 and 16 times the data, within one budget: at most a fifth above it. */
export async function measureMemory(workshop: Workshop, { count, untilMs }: Extent): Promise<Finding> {
  const problems: string[] = [];
  const peaks: string[] = [];
  for (const factor of [1, 4, 16].slice(0, count)) {
    if (Date.now() > untilMs) break;
    const eventCount = FIRST_EVENTS * factor;
    const outDir = join(workshop.folder, `lake-x${factor}`);
    const users = { userCount: Math.round(eventCount / 110), videoCount: 2000 };
    const lake = await generateLake({ eventCount, ...users, seed: 1, outDir });
    const args = [
      'run',
      lake.eventsPath,
      '--videos',
      lake.videosPath,
      '--out',
      join(workshop.folder, 'measured'),
    ];
    const { code, stdout, stderr } = await startCli(
      [...args, '--memory', '512MB', '--json', '--quiet'],
      workshop,
    ).ended;
    if (code !== 0) {
      problems.push(`${factor}x: exit ${code}: ${stderr}`);
      continue;
    }
    const { peakRssBytes } = JSON.parse(stdout) as RunSummary;
    peaks.push(`${factor}x ${Math.round(peakRssBytes / 2 ** 20)} MB`);
    if (peakRssBytes > 1.2 * BUDGET_BYTES) problems.push(`${factor}x: peak ${peakRssBytes} bytes`);
  }
  const tried = peaks.length + problems.filter((problem) => problem.includes('exit')).length;
  const figures = `--memory 512MB; peak resident ${peaks.join(', ')} (1x is ${FIRST_EVENTS} events)`;
  return {
    promise: 'memory within the budget + 20 %',
    tried,
    held: tried - problems.length,
    figures,
    problems,
  };
}
