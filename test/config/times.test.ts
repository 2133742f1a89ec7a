import { expect, it } from 'vitest';
import { parseTimeUs } from '../../src/config/times.ts';

it.each([
  ['2026-01-31', 1769817600000000n],
  ['2026-01-31T12:00', 1769860800000000n],
  ['2026-01-31 12:00:00.5', 1769860800500000n],
  ['2026-01-31T12:00:00+02:00', 1769853600000000n],
  ['yesterday', null],
  ['2026-13-01', null],
  ['20260131', null],
])('%s is %s microseconds', (text, expected) => {
  expect(parseTimeUs(text)).toBe(expected);
});
