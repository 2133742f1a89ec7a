import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database, quoteText } from '../src/duckdb.ts';
import { EXIT } from '../src/errors.ts';
import { scenarioLines } from '../src/sample/sample-data.ts';
import { damageFile, type FuzzFile, wholeFiles } from './fuzz-files.ts';
import { type Extent, type Finding, type Outcome, RunChild, type Workshop, wait } from './harness.ts';

/** Seeds that once found something: tried first, each time. */
const KEPT_SEEDS: readonly number[] = [6, 26, 37, 62, 163, 296, 304, 522];

async function writeParquet(folder: string): Promise<Buffer> {
  const [from, to] = [join(folder, 'whole.ndjson'), join(folder, 'whole.parquet')];
  writeFileSync(from, scenarioLines());
  const database = await Database.open({ threads: 1, memoryBytes: 256e6, tempFolder: folder });
  try {
    await database.run(`COPY (SELECT * FROM read_json(${quoteText(from)})) TO ${quoteText(to)}`);
    return readFileSync(to);
  } finally {
    database.close();
  }
}

/** What an outcome breaks: nothing, a crash, a bug with its stack, or rows that are not accounted for. */
function judge({ code, message = '', events }: Outcome): string | null {
  if (code === null) return `crash: ${message}`;
  if (code === EXIT.bug) return `stack trace: ${message}`;
  if (code === EXIT.input) return message.includes('\n') ? `message of several lines: ${message}` : null;
  if (code !== EXIT.ok) return `exit ${code}, which is not about the input: ${message}`;
  const { read, kept, invalid, folded, duplicates } = events!;
  if (read !== kept + invalid || kept !== folded + duplicates)
    return `rows unaccounted for: ${JSON.stringify(events)}`;
  return null;
}

/** Runs over `count` damaged files, from `firstSeed` on, so many at once. */
export async function fuzzFiles(
  workshop: Workshop,
  { count, untilMs }: Extent,
  {
    firstSeed = 1,
    atOnce = 2,
    hangsAfterMs = 10_000,
  }: { firstSeed?: number; atOnce?: number; hangsAfterMs?: number } = {},
): Promise<Finding> {
  const whole = wholeFiles(await writeParquet(workshop.folder));
  const seeds = [...KEPT_SEEDS, ...Array.from({ length: count }, (_, i) => firstSeed + i)];
  const problems: string[] = [];
  const outcomes = { folded: 0, refused: 0, slowestMs: 0 };
  let next = 0;
  const lane = async (laneNumber: number): Promise<void> => {
    const folder = join(workshop.folder, `fuzz-${laneNumber}`);
    const temporary = join(folder, 'temporary');
    mkdirSync(temporary, { recursive: true });
    let child = new RunChild(temporary);
    while (next < seeds.length && Date.now() < untilMs) {
      const seed = seeds[next++]!;
      const startMs = performance.now();
      const outcome = await runOnFile(child, folder, damageFile(whole, seed), hangsAfterMs);
      outcomes.slowestMs = Math.max(outcomes.slowestMs, performance.now() - startMs);
      const problem = outcome === 'hang' ? `hang of more than ${hangsAfterMs / 1000} s` : judge(outcome);
      if (problem !== null) problems.push(`seed ${seed}: ${problem}`);
      if (outcome !== 'hang' && outcome.code !== null) {
        outcomes[outcome.code === EXIT.ok ? 'folded' : 'refused'] += 1;
        if (readdirSync(temporary).length > 0)
          problems.push(`seed ${seed}: left something in the temporary folder`);
      } else {
        child.kill();
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(temporary, { recursive: true });
        child = new RunChild(temporary);
      }
    }
    child.kill();
  };
  await Promise.all(Array.from({ length: atOnce }, (_, i) => lane(i)));
  const { folded, refused, slowestMs } = outcomes;
  return {
    promise: 'damaged input: no crash, hang, stack, lost row',
    tried: next,
    held: next - problems.length,
    figures: `${folded} folded, ${refused} refused with one line; slowest ${(slowestMs / 1000).toFixed(2)} s`,
    problems,
  };
}

async function runOnFile(
  child: RunChild,
  folder: string,
  { name, bytes }: FuzzFile,
  hangsAfterMs: number,
): Promise<Outcome | 'hang'> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  const options = { inputs: [path], out: join(folder, 'result'), threads: 1, memory: '1GB', force: true };
  const timeout = new AbortController();
  try {
    return await Promise.race([
      child.run({ ...options, allowEmpty: true }),
      wait(hangsAfterMs, timeout.signal).then(() => 'hang' as const),
    ]);
  } finally {
    timeout.abort();
    rmSync(path, { force: true });
  }
}
