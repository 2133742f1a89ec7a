import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { requireManifest, writeManifest } from '../../src/sink/manifest.ts';
import { unusableMember } from '../../src/sink/manifest-shape.ts';
import { temporaryFolder } from '../built-cli.ts';
import { publishScenarios } from '../published.ts';

const folder = temporaryFolder();
let manifest = { files: [], summary: { result: {} } };
beforeAll(() => {
  manifest = JSON.parse(readFileSync(join(publishScenarios(folder), '_run.json'), 'utf8'));
});

describe('a manifest', () => {
  it('of this version has all that commands need', () => {
    expect(unusableMember(manifest)).toBe(null);
  });

  it.each([
    ['finishedAt', () => ({ ...manifest, finishedAt: undefined })],
    ['summary.checks', () => ({ ...manifest, summary: { ...manifest.summary, checks: undefined } })],
    [
      'summary.result.rows',
      () => ({
        ...manifest,
        summary: { ...manifest.summary, result: { ...manifest.summary.result, rows: '7' } },
      }),
    ],
  ])('that lacks %s is refused in one line', async (member, change) => {
    await writeManifest(folder, change() as never);
    await expect(requireManifest(folder)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(
        `^[^\\n]*_run.json: ${member} is missing or of another kind .* run playfold again`,
      ),
    });
  });
});
