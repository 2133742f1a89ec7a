import bytes from 'bytes';
import { z } from 'zod';
import { MIN_MEMORY_BYTES } from '../budget.ts';
import { INVALID_LIMIT, isInvalidLimit } from '../invalid-limit.ts';
import { availableCores, availableMemoryBytes } from '../resources.ts';
import { isPartitionBy, PARTITION_BY } from '../sink/partitions.ts';
import { TABLE_NAMES } from '../sink/tables/names.ts';
import { optionFacts } from './option-facts.ts';
import { parseTimeUs, TIME } from './times.ts';

// One entry is one option: its flag, its PLAYFOLD_ variable, its key in playfold.yaml, its line in --help and its
// row in the README. What is imported here is loaded by --help: neither DuckDB nor Arrow.

const time = (description: string) =>
  z
    .string()
    .refine((text) => parseTimeUs(text) !== null, `expected ${TIME}`)
    .optional()
    .describe(description)
    .register(optionFacts, { value: 'TIME', expected: TIME, defaultText: 'all' });

const path = z.string().min(1);

const SIZE = 'a size such as 512MB or 4GB';

/** Bytes of a number or a text such as 2GB. */
function toByteLength(size: number | string, context: z.RefinementCtx): number {
  const byteLength = typeof size === 'number' ? size : bytes.parse(size);
  if (byteLength !== null && byteLength >= MIN_MEMORY_BYTES) return byteLength;
  const message =
    byteLength === null
      ? `expected ${SIZE}`
      : `too small; a run needs at least ${bytes.format(MIN_MEMORY_BYTES)}`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

export const inputOptions = {
  inputs: z
    .array(path)
    .default([])
    .describe(
      'Files, folders or globs of Parquet, NDJSON, JSON, CSV or TSV, plain, .gz or .zst; - is standard input',
    )
    .register(optionFacts, { value: 'PATH', defaultText: 'none', hasCommas: true }),
  videos: path
    .optional()
    .describe('Video metadata, one file: videoId, duration (seconds, or ISO-8601 such as PT5M), title')
    .register(optionFacts, { value: 'FILE', defaultText: 'none: durations are estimated' }),
  since: time('Read events from this time on (UTC)'),
  until: time('Read events before this time (UTC)'),
  maxInvalid: z
    .union([z.number(), z.string()])
    .refine(isInvalidLimit, `expected ${INVALID_LIMIT}`)
    .default('100%')
    .describe('Publish nothing with more invalid rows than this share or number, and exit with 3')
    .register(optionFacts, { value: 'LIMIT', expected: INVALID_LIMIT }),
  pruneFolders: z
    .boolean()
    .default(true)
    .describe(
      'With since or until, pass over folders such as date=2026-01-05 or year=2026/month=01 more than a day outside',
    ),
  allowEmpty: z.boolean().default(false).describe('No rows to read is not an error'),
};

export const resultOptions = {
  out: path
    .optional()
    .describe('Folder to write')
    .register(optionFacts, { value: 'DIR', letter: 'o', defaultText: 'none: it must be named' }),
  quarantine: path
    .optional()
    .describe('Folder that keeps every invalid row as NDJSON: file, row, reason and what stood there')
    .register(optionFacts, { value: 'DIR', defaultText: 'none: they are only counted' }),
  partitionBy: z
    .string()
    .refine(isPartitionBy, `expected ${PARTITION_BY}`)
    .default('month')
    .describe('Folders of the result: month or day of the first watch, none, or bucket:N by a hash of userId')
    .register(optionFacts, { value: 'WAY', expected: PARTITION_BY }),
  uniqueSeconds: z
    .boolean()
    .default(true)
    .describe('Compute unique seconds and watched ranges; --no-unique-seconds leaves them out'),
  force: z
    .boolean()
    .default(false)
    .describe('Run although DIR holds the result of the same inputs, options and version'),
  tables: z
    .array(z.enum(TABLE_NAMES))
    .default(['engagement', 'videos'])
    .describe('Tables to write, each a folder of DIR; engagement always is'),
  failOn: z
    .array(z.string())
    .default([])
    .describe('Publish nothing and end with 3 where this holds, such as "invalid > 1%"')
    .register(optionFacts, { value: 'GATE', hasCommas: true }),
};

/** Of playfold update alone. */
export const updateOptions = {
  filesFrom: path
    .optional()
    .describe('File that names further inputs, one a line; - is standard input')
    .register(optionFacts, { value: 'FILE', defaultText: 'none' }),
  lateness: z
    .number()
    .min(0)
    .max(366 * 86_400)
    .default(3600)
    .describe('Seconds before the latest event in which events may still come')
    .register(optionFacts, { value: 'SECONDS' }),
  late: z
    .enum(['reprocess', 'quarantine', 'fail'])
    .default('reprocess')
    .describe('What to do with events that come later than that'),
  changed: z
    .enum(['fail', 'reprocess'])
    .default('fail')
    .describe('What to do when a file that was read has changed'),
};

export const resourceOptions = {
  threads: z
    .int()
    .min(1)
    .max(256)
    .default(availableCores)
    .describe('Worker threads; 1 works in the main thread')
    .register(optionFacts, { defaultText: 'the cores available, cgroup quota included' }),
  memory: z
    .union([z.number(), z.string()])
    .transform(toByteLength)
    .default(() => Math.max(MIN_MEMORY_BYTES, Math.floor(availableMemoryBytes() / 4)))
    .describe('Memory budget, such as 2GB; what does not fit goes to the temporary folder (TMPDIR)')
    .register(optionFacts, {
      value: 'SIZE',
      expected: SIZE,
      defaultText: 'a quarter of what is available',
    }),
};

/** What the terminal shows: of no use to the library. */
export const terminalOptions = {
  json: z.boolean().default(false).describe('Print the summary as one JSON object'),
  log: z
    .enum(['text', 'json'])
    .default('text')
    .describe('What stderr tells: text for people, or one NDJSON record an event'),
  quiet: z
    .boolean()
    .default(false)
    .describe('Print nothing but errors')
    .register(optionFacts, { letter: 'q' }),
};
