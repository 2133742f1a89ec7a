import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { parseWith, type SettingsInput, updateOptionsSchema } from '../config/schema.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import {
  type ResolvedOptions,
  type RunOptions,
  resolveOptions,
  toRunOptions,
  type WorkSizes,
} from '../run-options.ts';

type UpdateSettings = z.output<typeof updateOptionsSchema>;

/** What `update` takes: the options of `playfold update` that README.md lists, by their names in playfold.yaml. */
export interface UpdateOptions extends Omit<RunOptions, 'inputs'>, z.input<typeof updateOptionsSchema> {
  /** Files, folders and globs. */
  readonly inputs?: readonly string[] | undefined;
}

/** Options with every default filled in and every value checked. */
export interface ResolvedUpdateOptions extends ResolvedOptions {
  readonly latenessUs: bigint;
  readonly late: UpdateSettings['late'];
  readonly changed: UpdateSettings['changed'];
}

/** Settings as `update` takes them. */
export function toUpdateOptions(given: SettingsInput): UpdateOptions {
  return { ...toRunOptions(given), ...partOf(given) };
}

function partOf(given: object): z.input<typeof updateOptionsSchema> {
  return Object.fromEntries(Object.entries(given).filter(([key]) => key in updateOptionsSchema.shape));
}

/** Checks what a caller gave and fills in the rest. Throws a PlayfoldError (usage) naming the option. */
export function resolveUpdateOptions(options: UpdateOptions, sizes: WorkSizes = {}): ResolvedUpdateOptions {
  const { lateness, late, changed, filesFrom } = parseWith(
    updateOptionsSchema,
    partOf(options),
    'update options',
  );
  const rest = Object.fromEntries(
    Object.entries(options).filter(([key]) => !(key in updateOptionsSchema.shape)),
  );
  const listed = filesFrom === undefined ? [] : readList(filesFrom);
  const inputs = [...(options.inputs ?? []), ...listed];
  const resolved = resolveOptions({ ...(rest as Omit<RunOptions, 'inputs'>), inputs }, sizes);
  refuseWhatOnlyRunsDo(resolved);
  return {
    ...resolved,
    latenessUs: BigInt(Math.round(lateness * 1e6)),
    late,
    changed,
  };
}

/** The lines of a file. Throws a PlayfoldError (input) where there are none. */
function readList(path: string): string[] {
  let lines: string[];
  try {
    const text = readFileSync(path === '-' ? 0 : path, 'utf8');
    lines = text.split(/\r?\n/).filter((line) => line !== '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PlayfoldError(`--files-from ${path}: cannot be read (${code}).`, EXIT.input);
  }
  if (lines.length === 0) throw new PlayfoldError(`--files-from ${path}: it names no file.`, EXIT.input);
  return lines;
}

/** The state has the sums of engagement, of which videos is made, but neither visits nor rows that are invalid. */
function refuseWhatOnlyRunsDo({ tables, quarantine }: ResolvedOptions): void {
  const other = tables.find((table) => table !== 'engagement' && table !== 'videos');
  if (other !== undefined)
    throw new PlayfoldError(
      `--tables ${other}: update keeps the tables engagement and videos alone; write ${other} with playfold run into another folder.`,
      EXIT.usage,
    );
  if (quarantine !== null)
    throw new PlayfoldError(
      `--quarantine ${quarantine}: update keeps no invalid rows; playfold check or playfold run over the same inputs does.`,
      EXIT.usage,
    );
}
