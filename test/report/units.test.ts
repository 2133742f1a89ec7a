import { describe, expect, it } from 'vitest';
import { formatHours, formatPercent, formatPosition, shorten } from '../../src/report/units.ts';

describe('units', () => {
  it.each([
    [0, '0:00'],
    [59.4, '0:59'],
    [59.6, '1:00'],
    [605, '10:05'],
    [3599.7, '1:00:00'],
    [43_261, '12:01:01'],
  ])('a position of %d s is %s', (seconds, text) => {
    expect(formatPosition(seconds)).toBe(text);
  });

  it.each([
    [null, 'unknown'],
    [0, '0 %'],
    [0.0042, '0.004 %'],
    [43.333, '43.3 %'],
    [100, '100.0 %'],
  ])('a share of %s is %s', (percent, text) => {
    expect(formatPercent(percent)).toBe(text);
  });

  it.each([
    [0, '0.0 h'],
    [0.5, '30.0 min'],
    [12.34, '12.3 h'],
    [123_456, '123,456 h'],
  ])('%d hours are %s', (hours, text) => {
    expect(formatHours(hours)).toBe(text);
  });

  it('cuts text between characters', () => {
    expect(shorten('👩👩👩👩', 3)).toBe('👩👩…');
    expect(shorten('abc', 3)).toBe('abc');
  });
});
