import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Figures, type RivalName, runRival } from './rivals.ts';

/** One timed process. */
export interface Measured<Output> {
  readonly wallSeconds: number;
  readonly peakBytes: number;
  readonly output: Output;
}

export interface RivalOutput {
  readonly figures: Figures | null;
  readonly peakBytes: number;
}

/** Runs a command that prints one JSON object; its wall time is taken from outside. */
export async function measure<Output extends { readonly peakBytes: number }>(
  args: readonly string[],
): Promise<Measured<Output>> {
  const startMs = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const wallSeconds = (performance.now() - startMs) / 1000;
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`);
  const output = JSON.parse(stdout) as Output;
  return { wallSeconds, peakBytes: output.peakBytes, output };
}

const self = fileURLToPath(import.meta.url);

/** Runs a rival in a process of its own, so that its peak memory is its own. */
export function measureRival(
  name: RivalName,
  lake: string,
  out: string,
  threads: number,
  benchFolder: string,
): Promise<Measured<RivalOutput>> {
  return measure([self, name, lake, out, String(threads), benchFolder]);
}

if (process.argv[1] === self) {
  const [name, lake, out, threads, benchFolder] = process.argv.slice(2) as [
    RivalName,
    string,
    string,
    string,
    string,
  ];
  const figures = await runRival(name, { lake, out, threads: Number(threads), benchFolder });
  const output: RivalOutput = { figures, peakBytes: process.resourceUsage().maxRSS * 1024 };
  process.stdout.write(JSON.stringify(output));
}
