import type { Database } from '../duckdb.ts';
import { EXIT, PlayfoldError } from '../errors.ts';
import type { StopCheck } from '../progress-counters.ts';
import { verifyGzip } from './byte-stream.ts';
import { withDialect } from './csv-dialect.ts';
import type { InputFile } from './formats.ts';
import { resolveInputs } from './inputs.ts';
import { countNoObjects, isLineJson } from './readers.ts';
import { countRefused } from './sieve.ts';

/** The one file that `path`, the value of `option`, names. Throws a PlayfoldError (input) where it is none or several. */
export async function resolveOneFile(
  path: string,
  option: string,
  tempFolder: string,
  signal?: AbortSignal,
): Promise<InputFile> {
  const [found, ...more] = await resolveInputs([path], tempFolder, { signal });
  if (found !== undefined && more.length === 0) return found;
  throw new PlayfoldError(
    `${option} ${path}: found ${found === undefined ? 0 : 1 + more.length} files; name one.`,
    EXIT.input,
  );
}

/**
 * The file with its dialect, when every row of it can be read. Throws a PlayfoldError (input) where it has a broken
 * row: of metadata none may be missing unseen.
 */
export async function requireWhole(
  database: Database,
  found: InputFile,
  tempFolder: string,
  check?: StopCheck,
): Promise<InputFile> {
  const file = await withDialect(database, found, tempFolder);
  if (file.format === 'parquet') return file;
  await verifyGzip(file, check);
  const isLines = file.format === 'csv' || isLineJson(file);
  const broken = isLines ? await countRefused(file, check) : await countNoObjects(database, [file]);
  if (broken > 0)
    throw new PlayfoldError(
      `${file.name}: ${broken} of its lines cannot be read as ${file.format}; mend or remove them.`,
      EXIT.input,
    );
  return file;
}
