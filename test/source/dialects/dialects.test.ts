import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../dist/config/schema.js';
import { runPipeline } from '../../../dist/pipeline.js';
import { resolveOptions } from '../../../dist/run-options.js';
import { EVENT_SPELLINGS } from '../../../src/source/columns/names.ts';
import { normalizeName, parsePath } from '../../../src/source/columns/paths.ts';
import { readColumns } from '../../../src/source/columns.ts';
import { DIALECTS, mergeEventNames } from '../../../src/source/dialects/index.ts';
import { CLASS_NAMES, DEFAULT_EVENT_NAMES, normalizeEventName } from '../../../src/source/event-classes.ts';
import { resolveInputs } from '../../../src/source/inputs.ts';
import { readResult, temporaryFolder, withDatabase } from '../../built-cli.ts';

const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url));
const folder = temporaryFolder();

/** Each fixture is the worked example of SPEC.md section 6, as its dialect writes it, among events that are none. */
// biome-ignore format: a table
const cases: readonly (readonly [string, string, Record<string, unknown>])[] = [
  ['playfold.csv', 'playfold', { kept: 6, unknownEventNames: { buffering: 1 } }],
  ['appinsights.ndjson', 'appinsights', { kept: 6, invalidByReason: { missing_session: 0, missing_video: 1 } }],
  ['appinsights-portal.csv', 'appinsights', { kept: 6, invalid: 0 }],
  ['appinsights-workspace.ndjson', 'appinsights', { kept: 6, invalid: 0 }],
  ['xapi.ndjson', 'xapi', { kept: 7, unknownEventNames: { 'http://adlnet.gov/expapi/verbs/initialized': 1 } }],
  ['edx.ndjson', 'edx', { kept: 7, invalidByReason: { missing_video: 2, unknown_event: 1 }, unknownEventNames: { load_video: 1 } }],
  ['snowplow.ndjson', 'snowplow', { kept: 6, invalidByReason: { missing_video: 1 }, unknownEventNames: { ready_event: 1 } }],
  ['html5.ndjson', 'html5', { kept: 8, unknownEventNames: { loadedmetadata: 1, seeking: 1 } }],
];

const USERS: Readonly<Record<string, string>> = { xapi: 'mailto:peter@example.org', edx: '17' };

describe('a dialect', () => {
  it.each(cases)('%s is recognised as %s and gives the worked example', async (file, dialect, account) => {
    const input = join(fixtures, file);
    const [described] = await resolveInputs([input], folder);
    const columns = await withDatabase((database) =>
      readColumns(database, described!, parseConfig({}, 'test')),
    );
    expect(columns.dialect).toBe(dialect);
    const out = join(folder, file);
    const { events } = await runPipeline(
      resolveOptions({ inputs: [input], out, threads: 1, memory: '512MB', partitionBy: 'none' }),
    );
    expect(events).toMatchObject(account);
    expect(events.read).toBe(events.kept + events.invalid);
    expect(await readResult(out)).toMatchObject([
      {
        userId: USERS[dialect] ?? 'peter',
        videoId: 'v1',
        totalWatchTime: 130,
        totalUniqueSecondsWatched: 120,
        maxPositionReached: 120,
        sessionCount: 1,
        totalPauses: 3,
        totalBackwardSkips: 1,
        totalForwardSkips: 0,
        watchedRanges: [{ start: 0, end: 120 }],
      },
    ]);
  });

  it('stands in the README', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    for (const { name } of DIALECTS) expect(readme).toMatch(new RegExp(`^\\| \`${name}\` +\\|`, 'm'));
  });

  it('has a fixture each', () => {
    expect(new Set(cases.map(([, dialect]) => dialect))).toEqual(new Set(DIALECTS.map(({ name }) => name)));
    expect(readdirSync(fixtures).sort()).toEqual(cases.map(([file]) => file).sort());
  });

  it.each(DIALECTS.map((dialect) => [dialect.name, dialect] as const))(
    '%s has paths that can be read and names that contradict nothing',
    (_, { columns, eventNames, otherEvents }) => {
      for (const path of Object.values(columns).flat()) expect(parsePath(path), path).not.toBeNull();
      const classOf = new Map(
        CLASS_NAMES.flatMap((className) =>
          DEFAULT_EVENT_NAMES[className].map((name) => [normalizeEventName(name), className] as const),
        ),
      );
      for (const className of CLASS_NAMES)
        for (const name of eventNames[className] ?? [])
          expect(classOf.get(normalizeEventName(name)) ?? className, name).toBe(className);
      for (const name of otherEvents) expect(classOf.has(normalizeEventName(name)), name).toBe(false);
    },
  );

  it('brings its event names only where the configuration has no other place for them', () => {
    const configured = { ...DEFAULT_EVENT_NAMES, pause: ['PLAY_VIDEO'] };
    const merged = mergeEventNames(configured, ['edx']);
    expect(merged.pause).toEqual(['PLAY_VIDEO', 'pause_video', 'edx.video.paused']);
    expect(merged.play).not.toContain('play_video');
    expect(mergeEventNames(DEFAULT_EVENT_NAMES, ['playfold'])).toEqual(DEFAULT_EVENT_NAMES);
  });
});

describe('common names', () => {
  it('are in the README as they are known', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    const section = readme.slice(readme.indexOf('| common names'), readme.indexOf('All of them are in'));
    for (const [column, spellings] of Object.entries(EVENT_SPELLINGS)) {
      const [, names = ''] = new RegExp(`^\\| ${column} +\\| (.*?) +\\|$`, 'm').exec(section) ?? [];
      const known = spellings.map(normalizeName);
      const places = names.split(', ').map((name) => known.indexOf(normalizeName(name)));
      expect(places, column).not.toContain(-1);
      expect(places, column).toEqual([...places].sort((a, b) => a - b));
    }
  });

  it('stand under one column each', () => {
    const all = Object.values(EVENT_SPELLINGS)
      .flat()
      .map((name) => name.toLowerCase());
    expect(new Set(all).size).toBe(all.length);
  });
});
