import { describe, expect, it } from 'vitest';
import { FIGURE_NAMES } from '../../src/gates/figures.ts';
import { parseGate } from '../../src/gates/gate.ts';

describe('a gate', () => {
  it.each([
    ['invalid > 1%', 'invalid', '>', { kind: 'percent', value: 1 }],
    ['invalid>=0.5 %', 'invalid', '>=', { kind: 'percent', value: 0.5 }],
    ['  rows < 0.8 * previous ', 'rows', '<', { kind: 'previous', value: 0.8 }],
    ['rows<0.8*previous', 'rows', '<', { kind: 'previous', value: 0.8 }],
    ['users != previous', 'users', '!=', { kind: 'previous', value: 1 }],
    ['rows == 0', 'rows', '=', { kind: 'number', value: 0 }],
    ['rows = 1e6', 'rows', '=', { kind: 'number', value: 1e6 }],
    ['flag:implausible_segment > 5%', 'flag:implausible_segment', '>', { kind: 'percent', value: 5 }],
    ['TIER:high <= .5', 'TIER:high', '<=', { kind: 'number', value: 0.5 }],
    [
      'unknown_event:Video Buffering > 10',
      'unknown_event:Video Buffering',
      '>',
      { kind: 'number', value: 10 },
    ],
  ] as const)('%s', (text, name, comparison, limit) => {
    expect(parseGate(text)).toMatchObject({ text: text.trim(), name, comparison, limit });
  });

  it.each(FIGURE_NAMES)('may be over %s', (name) => {
    expect(parseGate(`${name} > 1`).name).toBe(name);
  });

  it.each([
    ['', /expected FIGURE COMPARISON LIMIT, such as "invalid > 1%"/],
    ['invalid', /expected FIGURE COMPARISON LIMIT/],
    ['invalid >', /expected FIGURE COMPARISON LIMIT/],
    ['> 1', /expected FIGURE COMPARISON LIMIT/],
    ['invald > 1%', /there is no figure 'invald'; did you mean 'invalid'\?/],
    [
      'flag:implausible > 1',
      /there is no figure 'flag:implausible'; the figures are flag:ok, flag:position_exceeds/,
    ],
    ['rows:segmnts > 1', /there is no figure 'rows:segmnts'; did you mean 'rows:segments'\?/],
    ['peakRssBytes > 1', /did you mean 'peak_rss_bytes'\?/],
    ['seconds:publishing > 1', /the figures are seconds:plan, seconds:scan/],
    ['quality > 1', /there is no figure 'quality'; the figures are read, kept, invalid/],
    ['invalid > lots', /the limit 'lots' is not a number, a percentage such as 1%, or 0.8 \* previous/],
    ['invalid > 1 %%', /the limit '1 %%' is not/],
    ['invalid > 1 2', /the limit '1 2' is not/],
    ['invalid > 0.8 * before', /the limit '0.8 \* before' is not/],
    ['rows > 5%', /rows is not a share of anything; compare it with a number/],
    ['rows => 5', /the limit '> 5' is not/],
  ])('%s is refused in one line', (text, message) => {
    expect(() => parseGate(text)).toThrow(message);
    expect(() => parseGate(text)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
