import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { generateLake } from '../src/generate/lake.ts';
import type { RunOptions, WorkSizes } from '../src/run-options.ts';
import type { RowAccount } from '../src/summary.ts';

/** The folder of package.json: this file runs from soak/ in tests and from soak/.build/soak/ otherwise. */
const root = [1, 3]
  .map((up) => join(import.meta.dirname, ...Array<string>(up).fill('..')))
  .find((folder) => existsSync(join(folder, 'package.json')))!;
export const CLI = join(root, 'dist', 'cli.js');
export const soakFile = (name: string): string => join(root, 'soak', name);

/** What one promise came to. */
export interface Finding {
  readonly promise: string;
  readonly tried: number;
  readonly held: number;
  /** Figures beside the count, for the table. */
  readonly figures: string;
  /** What did not hold, in words. */
  readonly problems: readonly string[];
}

/** How much to try, and when to stop trying. */
export interface Extent {
  readonly count: number;
  readonly untilMs: number;
}

/** A workshop: two small lakes that give different results, a place for the result, a temporary folder. */
export interface Workshop {
  readonly folder: string;
  readonly lakes: readonly [Lake, Lake];
  readonly out: string;
  readonly temporary: string;
}

export interface Lake {
  readonly events: string;
  readonly videos: string;
}

export async function openWorkshop(eventCount = 20_000, within = tmpdir()): Promise<Workshop> {
  const folder = mkdtempSync(join(within, 'playfold-soak-'));
  const lakes: Lake[] = [];
  for (const seed of [1, 2]) {
    const outDir = join(folder, `lake-${seed}`);
    const users = { userCount: Math.ceil(eventCount / 110), videoCount: 200 };
    const { eventsPath, videosPath } = await generateLake({ eventCount, ...users, seed, outDir });
    lakes.push({ events: eventsPath, videos: videosPath });
  }
  const temporary = join(folder, 'temporary');
  mkdirSync(temporary);
  mkdirSync(join(folder, 'place'));
  return { folder, lakes: lakes as [Lake, Lake], out: join(folder, 'place', 'result'), temporary };
}

export function closeWorkshop({ folder }: Workshop): void {
  rmSync(folder, { recursive: true, force: true });
}

/** The arguments that fold one of a workshop's lakes. */
export function runArguments({ lakes, out }: Workshop, lake: 0 | 1): string[] {
  return ['run', lakes[lake].events, '--videos', lakes[lake].videos, '--out', out, '--json', '--quiet'];
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the built command line; `ended` resolves when it is gone. */
export function startCli(
  args: readonly string[],
  { temporary }: Pick<Workshop, 'temporary'>,
  { env = {}, nodeArgs = [] }: { env?: object; nodeArgs?: readonly string[] } = {},
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [...nodeArgs, CLI, ...args], {
    env: { ...process.env, NO_COLOR: '1', TMPDIR: temporary, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr?.on('data', (data: Buffer) => {
    stderr += data.toString();
  });
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr })),
  );
  return { child, ended };
}

/** Runs to the end; returns the content hash. Throws with stderr where the exit code is not 0. */
export async function runToEnd(args: readonly string[], workshop: Workshop): Promise<string> {
  const { code, stdout, stderr } = await startCli(args, workshop).ended;
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return (JSON.parse(stdout) as { contentHash: string }).contentHash;
}

/** What lies about that should not: anything but the result, its two newest versions, and the lakes. */
export function leftovers({ out, temporary }: Workshop): string[] {
  const place = dirname(out);
  const beside = readdirSync(place).filter((name) => !['result', '.result.playfold'].includes(name));
  const store = join(place, '.result.playfold');
  const versions = existsSync(store) ? readdirSync(store) : [];
  const foreign = versions.filter((name) => !/^(earlier-)?\d{8}T\d{6}Z-[\da-f]{8}$/.test(name));
  const surplus = versions.length - foreign.length > 2 ? [`${versions.length} versions`] : [];
  return [...beside, ...foreign, ...surplus, ...readdirSync(temporary).map((name) => `temporary/${name}`)];
}

/** What a job came to, or how the process ended that ran it. */
export interface Outcome {
  /** Null where the process crashed. */
  readonly code: number | null;
  readonly message?: string;
  readonly stack?: string;
  readonly contentHash?: string;
  readonly events?: RowAccount;
  readonly peakRssBytes?: number;
  readonly spilledBytes?: number;
}

/** A process that runs jobs one after another, without the start of a process for each. */
export class RunChild {
  private readonly child: ChildProcess;
  private answer: ((outcome: Outcome) => void) | null = null;

  constructor(temporary: string) {
    this.child = spawn(process.execPath, [soakFile('run-child.mjs')], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    createInterface({ input: this.child.stdout! }).on('line', (line) =>
      this.settle(JSON.parse(line) as Outcome),
    );
    this.child.once('close', (code, signal) =>
      this.settle({ code: null, message: `the process ended with ${signal ?? code}` }),
    );
  }

  /** `sizes` are work sizes that do not change the result. */
  run(options: RunOptions, sizes: WorkSizes = {}): Promise<Outcome> {
    const outcome = new Promise<Outcome>((resolve) => {
      this.answer = resolve;
    });
    this.child.stdin!.write(`${JSON.stringify({ options, sizes })}\n`);
    return outcome;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private settle(outcome: Outcome): void {
    this.answer?.(outcome);
    this.answer = null;
  }
}

/** Resolves after so many ms, or when the signal fires. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** A small generator of numbers in [0, 1), the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
