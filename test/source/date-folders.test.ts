import { describe, expect, it } from 'vitest';
import { isOutsideWindow, spanOfFolders } from '../../src/source/date-folders.ts';

const day = (text: string): number => Date.parse(`${text}T00:00:00Z`);
const us = (text: string): bigint => BigInt(Date.parse(`${text}Z`)) * 1000n;

describe('the days that folders speak of', () => {
  it.each([
    ['/lake/date=2026-01-05/a.parquet', '2026-01-05', '2026-01-06'],
    ['/lake/dt=20260105/hour=07/a.parquet', '2026-01-05', '2026-01-06'],
    ['/lake/Event_Date=2026-01-05/a.parquet', '2026-01-05', '2026-01-06'],
    ['/lake/year=2026/month=1/day=5/a.parquet', '2026-01-05', '2026-01-06'],
    ['/lake/year=2026/month=02/a.parquet', '2026-02-01', '2026-03-01'],
    ['/lake/month=2026-12/a.parquet', '2026-12-01', '2027-01-01'],
    ['/lake/year=2026/a.parquet', '2026-01-01', '2027-01-01'],
  ])('%s', (path, from, until) => {
    expect(spanOfFolders(path)).toEqual({ fromMs: day(from), untilMs: day(until) });
  });

  it.each([
    '/lake/2026-01-05.parquet',
    '/lake/2026-01-05/a.parquet',
    '/lake/country=2026-01-05/a.parquet',
    '/lake/date=2026-02-30/a.parquet',
    '/lake/date=__HIVE_DEFAULT_PARTITION__/a.parquet',
    '/lake/date=2026-01-05',
  ])('are not told by %s', (path) => {
    expect(spanOfFolders(path)).toBe(null);
  });
});

describe('a folder of 2026-01-05 is passed over', () => {
  const path = '/lake/date=2026-01-05/a.parquet';
  it.each([
    ['since a day and a moment after it', { sinceUs: us('2026-01-07T00:00:01'), untilUs: null }, true],
    ['since the end of the day after it', { sinceUs: us('2026-01-07T00:00:00'), untilUs: null }, true],
    ['since some time of the day after it', { sinceUs: us('2026-01-06T23:59:59'), untilUs: null }, false],
    ['until the beginning of the day before', { sinceUs: null, untilUs: us('2026-01-04T00:00:00') }, true],
    ['until some time of the day before', { sinceUs: null, untilUs: us('2026-01-04T00:00:01') }, false],
    ['without a window', { sinceUs: null, untilUs: null }, false],
  ])('%s: %s', (_, window, expected) => {
    expect(isOutsideWindow(path, window)).toBe(expected);
  });
});
