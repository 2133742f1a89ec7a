// Runs jobs in one process: a line of JSON in, {options, sizes}, a line of JSON out. It never ends by itself.
import { createInterface } from 'node:readline';
import { PlayfoldError } from '../dist/errors.js';
import { runPipeline } from '../dist/pipeline.js';
import { resolveOptions } from '../dist/run-options.js';

for await (const line of createInterface({ input: process.stdin })) {
  const { options, sizes } = JSON.parse(line);
  let outcome;
  try {
    const { contentHash, events, peakRssBytes, spilledBytes } = await runPipeline(
      resolveOptions(options, sizes),
    );
    outcome = { code: 0, contentHash, events, peakRssBytes, spilledBytes };
  } catch (error) {
    outcome =
      error instanceof PlayfoldError
        ? { code: error.exitCode, message: error.message }
        : { code: 70, message: String(error), stack: error?.stack };
  }
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
