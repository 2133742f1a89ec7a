import { describe, expect, it } from 'vitest';
import { FIGURE_NAMES, findFigure } from '../../src/gates/figures.ts';
import { parseGate } from '../../src/gates/gate.ts';
import { applyGates, judgeGate } from '../../src/gates/judge.ts';
import type { RunSummary } from '../../src/summary.ts';

/** The figures that gates read, of 1000 events and `rows` rows. */
function summaryOf({ rows = 200, invalid = 12, q1 = 10 as number | null }): RunSummary {
  return {
    out: 'watch',
    events: {
      read: 1000,
      kept: 1000 - invalid,
      invalid,
      invalidByReason: { missing_user: invalid },
      unknownEventNames: { Buffering: 3 },
      folded: 980,
      duplicates: 8,
    },
    result: {
      users: 90,
      videos: 7,
      rows,
      totalWatchSeconds: 7200,
      tiers: { High: 50, Medium: 50, Low: 50, Minimal: 50 },
      flags: { ok: 180, implausible_segment: 20 },
      watchPercentageQuartiles: q1 === null ? null : [q1, 50, 90],
      topVideos: [],
    },
    checks: [],
    gates: [],
    unchanged: false,
    contentHash: '',
    tables: [{ name: 'videos', rows: 7, contentHash: '' }],
    files: 2,
    bytes: 4096,
    spilledBytes: 0,
    threads: 1,
    memoryBytes: 1e9,
    peakRssBytes: 2e8,
    seconds: 1.5,
    stages: [{ stage: 'scan', seconds: 0.5, cpuSeconds: 0.9, rows: 1000, rowsPerSecond: 2000 }],
  };
}

/** Summaries that differ from one in one number each, by the path of that number. */
function changeNumbers(value: unknown, path: readonly string[] = []): [path: string, changed: unknown][] {
  if (typeof value === 'number') return [[path.join('.'), value + 1]];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    changeNumbers(inner, [...path, key]).map(([at, changed]): [string, unknown] => [
      at,
      Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed },
    ]),
  );
}

describe('the figures', () => {
  const update = {
    isFirst: false,
    inputs: { read: 1, skipped: 2, changed: 3 },
    watermark: null,
    late: { mode: 'reprocess' as const, events: 4, pairs: 5 },
    rowsChanged: 6,
    filesWritten: 7,
    filesLinked: 8,
  };
  const summary = { ...summaryOf({}), update };
  const names = FIGURE_NAMES.map((name) => name.replace('NAME', 'Buffering'));
  const valuesOf = (of: RunSummary) => names.map((name) => findFigure(name)!.value(of));

  it.each(changeNumbers(summary))('know %s of the summary', (_, changed) => {
    expect(valuesOf(changed as RunSummary)).not.toEqual(valuesOf(summary));
  });
});

describe('a gate over a summary', () => {
  it.each([
    ['invalid > 1%', 'failed', 1.2, 1],
    ['invalid > 1.2%', 'passed', 1.2, 1.2],
    ['invalid >= 1.2%', 'failed', 1.2, 1.2],
    ['invalid > 12', 'passed', 12, 12],
    ['invalid:missing_user > 11', 'failed', 12, 11],
    ['invalid:bad_position > 0', 'passed', 0, 0],
    ['unknown_event:Buffering > 0.2%', 'failed', 0.3, 0.2],
    ['unknown_event:Error > 0', 'passed', 0, 0],
    ['kept < 99%', 'failed', 98.8, 99],
    ['flag:implausible_segment > 5%', 'failed', 10, 5],
    ['flag:ok < 95%', 'failed', 90, 95],
    ['tier:High = 50', 'failed', 50, 50],
    ['tier:high != 50', 'passed', 50, 50],
    ['watch_hours < 2', 'passed', 2, 2],
    ['watch_percentage:median <= 50', 'failed', 50, 50],
    ['seconds > 1', 'failed', 1.5, 1],
    ['peak_rss_bytes > 1e9', 'passed', 2e8, 1e9],
    ['rows:videos < 8', 'failed', 7, 8],
    ['seconds:scan > 1', 'passed', 0.5, 1],
    ['rows_per_second:scan < 0.5 * previous', 'passed', 2000, 1000],
    ['rows < 0.8 * previous', 'failed', 200, 240],
    ['rows < 0.5 * previous', 'passed', 200, 150],
    ['users != previous', 'passed', 90, 90],
  ] as const)('%s has %s', (text, outcome, value, limit) => {
    const result = judgeGate(parseGate(text), summaryOf({}), summaryOf({ rows: 300 }));
    expect(result).toEqual({ gate: text, outcome, value, limit });
  });

  it('is skipped, and says so, where there is nothing to compare', () => {
    expect(judgeGate(parseGate('rows < 0.8 * previous'), summaryOf({}), null).outcome).toBe('skipped');
    for (const text of ['rows:segments < 1', 'seconds:merge > 9', 'update:late_events > 0'])
      expect(judgeGate(parseGate(text), summaryOf({}), summaryOf({})).outcome).toBe('skipped');
    const noMedian = summaryOf({ rows: 0, q1: null });
    expect(judgeGate(parseGate('watch_percentage:median < 5'), noMedian, null).outcome).toBe('skipped');
  });

  it('counts no share of nothing', () => {
    expect(judgeGate(parseGate('flag:ok < 1%'), summaryOf({ rows: 0 }), null).value).toBe(0);
  });
});

describe('gates together', () => {
  const gates = ['invalid > 1%', 'users < 10', 'rows < 0.8 * previous', 'flag:implausible_segment > 5%'].map(
    parseGate,
  );

  it('that hold are listed in the summary', () => {
    const summary = applyGates(gates.slice(1, 3), summaryOf({}), null);
    expect(summary.gates.map(({ outcome }) => outcome)).toEqual(['passed', 'skipped']);
  });

  it('that fail are all named: figure, value, limit and what to do', () => {
    expect(() => applyGates(gates, summaryOf({}), summaryOf({ rows: 1000 }))).toThrow(
      expect.objectContaining({
        exitCode: 3,
        message:
          'Gate "invalid > 1%" failed: invalid is 1.2 % (12 of 1,000 read), the limit 1 %. ' +
          'Look closer: playfold check over the same inputs shows such rows. ' +
          `Gate "rows < 0.8 * previous" failed: rows is 200, the limit 800 (0.8 x the previous run's). ` +
          'Look closer: playfold stats watch shows the previous run. ' +
          'Gate "flag:implausible_segment > 5%" failed: flag:implausible_segment is 10 % (20 of 200 rows), the limit 5 %. ' +
          'Look closer: the same run without this gate and with --out OTHER, then playfold query OTHER ' +
          `"select * from engagement where list_contains(dataQualityFlags, 'implausible_segment') limit 20". ` +
          'Nothing was published.',
      }),
    );
  });
});
