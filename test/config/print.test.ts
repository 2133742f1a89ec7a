import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseConfigText } from '../../src/config/file.ts';
import { listOptions } from '../../src/config/option-list.ts';
import { formatSettings, formatSettingsJson } from '../../src/config/print.ts';
import { settingsSchema } from '../../src/config/schema.ts';
import { readSettings } from '../../src/config/settings.ts';
import { temporaryFolder, writeText } from '../built-cli.ts';

const config = writeText(join(temporaryFolder(), 'p.yaml'), '# mine\nmaxSegmentSeconds: 60\nthreads: 2\n');
const settings = readSettings({
  flags: { config, inputs: ['a,b.csv', 'c d/'], memory: '2GB' },
  environment: { PLAYFOLD_THREADS: '3', PLAYFOLD_ENGAGEMENT_FORMULA: 'points' },
  folder: '',
});

it('printed settings say where each value came from', () => {
  const lines = formatSettings(settings).split('\n');
  expect(lines).toContain('# Not set: videos, since, until, out, quarantine, filesFrom');
  expect(lines).toContain('inputs: [ "a,b.csv", c d/ ] # the command line');
  expect(lines).toContain('memory: 2GB # --memory');
  expect(lines).toContain('threads: 3 # PLAYFOLD_THREADS');
  expect(lines).toContain(`maxSegmentSeconds: 60 # ${config}:2:1`);
  expect(lines).toContain('  formula: points # PLAYFOLD_ENGAGEMENT_FORMULA');
  expect(lines).toContain('maxPlaybackRate: 2 # default');
});

it('printed settings are a configuration file with the same meaning', () => {
  expect(settingsSchema.parse(parseConfigText(formatSettings(settings), 'p.yaml').value)).toEqual(
    settings.values,
  );
});

it('settings as JSON hold every option', () => {
  const printed = JSON.parse(formatSettingsJson(settings));
  expect(Object.keys(printed)).toEqual(listOptions().map(({ key }) => key));
  expect(printed.threads).toEqual({ value: 3, from: 'PLAYFOLD_THREADS' });
  expect(printed.out).toEqual({ value: null, from: 'not set' });
});
