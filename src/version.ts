import { readFileSync } from 'node:fs';
import { builtFile } from './built-files.ts';

const manifest = JSON.parse(readFileSync(builtFile('../package.json'), 'utf8')) as {
  readonly version: string;
};

/** playfold's own version, as package.json has it. */
export const VERSION = manifest.version;
