import { describe, expect, it } from 'vitest';
import { parseConfigText } from '../../src/config/file.ts';

describe('a configuration file', () => {
  it.each([
    ['', {}],
    ['# only a comment\n', {}],
    ['engagement:\n  # formula: points\n', { engagement: {} }],
    ['memory: 2GB\r\npartitionBy: day\r\n', { memory: '2GB', partitionBy: 'day' }],
    ['\uFEFFthreads: 3', { threads: 3 }],
    ['since: 2026-01-31', { since: '2026-01-31' }],
    ['shortWatchSeconds: &ten 10\ntoleranceSeconds: *ten', { shortWatchSeconds: 10, toleranceSeconds: 10 }],
    ['{"threads": 3, "eventNames": {"play": ["go"]}}', { threads: 3, eventNames: { play: ['go'] } }],
  ])('of %j says %o', (text, expected) => {
    expect(parseConfigText(text, 'p.yaml').value).toEqual(expected);
  });

  it('knows the place of each key', () => {
    const { placeOf } = parseConfigText('threads: 2\nengagement:\n  formula: points\n', 'p.yaml');
    expect(placeOf(['threads'])).toBe('p.yaml:1:1');
    expect(placeOf(['engagement', 'formula'])).toBe('p.yaml:3:3');
  });

  // biome-ignore format: a table
  it.each([
    ['threads: 2\nsesionTimeoutSeconds: 5', "2:1: unknown key 'sesionTimeoutSeconds'; did you mean 'sessionTimeoutSeconds'?"],
    ['partition-by: day', "1:1: unknown key 'partition-by'; did you mean 'partitionBy'?"],
    ['formula: points', "1:1: unknown key 'formula'; did you mean 'engagement.formula'?"],
    ['engagement:\n  formla: points', "2:3: unknown key 'engagement.formla'; did you mean 'formula'?"],
    ['engagement: {colour: red}', "1:14: unknown key 'engagement.colour'; known here: formula, normalized, points"],
    ['colour: red', "1:1: unknown key 'colour'; playfold run --print-config shows all"],
    ['__proto__: 1', "1:1: unknown key '__proto__'; playfold run --print-config shows all"],
    ['constructor: 1', "1:1: unknown key 'constructor'; playfold run --print-config shows all"],
    ['1: 1', "1:1: unknown key '1'; playfold run --print-config shows all"],
    ['threads: "4"', "1:10: 'threads': expected a whole number from 1 to 256, not \"4\""],
    ['threads: 1.5', "1:10: 'threads': expected a whole number from 1 to 256, not 1.5"],
    ['threads:\n', "1:9: 'threads': expected a whole number from 1 to 256, not nothing"],
    ['quiet: yes', "1:8: 'quiet': expected true or false, not \"yes\""],
    ['out: 2026', "1:6: 'out': expected text that is not empty, not 2026; write it in quotes"],
    ['memory: lots', "1:9: 'memory': expected a size such as 512MB or 4GB"],
    ['memory: 1MB', "1:9: 'memory': too small; a run needs at least 256MB"],
    ['partitionBy: bucket:0', "1:14: 'partitionBy': expected month, day, none, or bucket:N with N from 1 to 1024"],
    ['since: soon', "1:8: 'since': expected a date or time such as 2026-01-31 or 2026-01-31T12:00:00Z"],
    ['until: 2026-01-01\nsince: 2026-02-01', "1:8: 'until': must be later than since: rows with since <= timestamp < until are read"],
    ['maxPlaybackRate: .nan', "1:18: 'maxPlaybackRate': expected a number from 0.1 to 64, not NaN"],
    ['eventNames:\n  play: [go, 3]', "2:14: 'eventNames.play.1': expected text that is not empty, not 3; write it in quotes"],
    ['eventNames: {play: go}', "1:20: 'eventNames.play': expected a list, each of it text that is not empty, not \"go\""],
    ['eventNames: {pause: [Play]}', "1:21: 'eventNames.pause': 'Play' stands under both play and pause"],
    ['engagement: {formula: pts}', "1:23: 'engagement.formula': expected one of normalized, points, not \"pts\""],
    ['- threads', '1:1: the top level: expected keys with values, not ["threads"]'],
    ['threads', '1:1: the top level: expected keys with values, not "threads"'],
    ['threads: 2\nquiet: true\nthreads: 3', "3:1: key 'threads' stands there twice"],
    ['engagement:\n  "formula": points\n  formula: points', "3:3: key 'formula' stands there twice"],
    ['threads: 2\n---\nthreads: 3', '2:1: a second document begins here; one is expected'],
    ['threads: *two', "1:10: no '&two' stands before '*two'"],
    ['threads: 2\n\tquiet: true', '2:1: not valid YAML: Tabs are not allowed as indentation'],
    ['threads: [1', '1:12: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
  ])('of %j is refused: %s', (text, message) => {
    expect(() => parseConfigText(text, 'p.yaml')).toThrow(expect.objectContaining({ message: `p.yaml:${message}`, exitCode: 2 }));
  });

  it('tells the first of several mistakes', () => {
    expect(() => parseConfigText('colour: red\nthreads: 0\n', 'p.yaml')).toThrow(/^p\.yaml:1:1/);
    expect(() => parseConfigText('threads: 0\ncolour: red\n', 'p.yaml')).toThrow(/^p\.yaml:1:10/);
  });
});
