import { readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import { EXIT, PlayfoldError } from './errors.ts';
import { type Config, parseConfig } from './options.ts';

/** Reads a YAML configuration. Throws a PlayfoldError (usage) that names the file and the line or key. */
export function readConfigFile(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error);
    throw new PlayfoldError(`--config ${path}: ${reason}`, EXIT.usage);
  }
  try {
    return parseConfig(parse(text), path);
  } catch (error) {
    if (error instanceof YAMLParseError)
      throw new PlayfoldError(`${path}: not valid YAML: ${error.message.split('\n')[0]}`, EXIT.usage);
    throw error;
  }
}
