import { describe, expect, it } from 'vitest';
import { withTables } from '../../src/query/tables.ts';
import { readContext } from '../../src/report/context.ts';
import { findPeaks } from '../../src/report/curves.ts';
import { readResult, temporaryFolder } from '../built-cli.ts';
import { publishScenarios } from '../published.ts';

const curve = (...percents: readonly number[]) => percents.map((percent, i) => ({ seconds: i, percent }));
/** Each value ten times, for peaks must be ten points apart. */
const wide = (...percents: readonly number[]) =>
  curve(...percents.flatMap((percent) => Array(10).fill(percent)));

describe('peaks', () => {
  it.each([
    ['of a curve that falls', wide(100, 80, 60), null, []],
    ['where it rises', wide(100, 40, 70, 30), null, [20]],
    ['not where it rises by little', wide(100, 40, 43, 30), null, []],
    ['not where the rise is small beside its height', wide(100, 90, 80), wide(400, 290, 300), []],
    ['at its end', wide(100, 40, 70), null, [20]],
    ['the highest of those that stand together', curve(10, 20, 15, 30, 5), null, [3]],
    ['three at most, the strongest first', wide(10, 30, 10, 25, 10, 50, 10, 40, 0), null, [50, 70, 10]],
    ['where views stand above viewers', wide(100, 80, 60), wide(100, 120, 60), [10]],
    ['not where viewers rise but watch once', wide(100, 40, 70), wide(100, 40, 70), []],
    ['of nothing', [], null, []],
  ] as const)('%s', (_, viewers, views, seconds) => {
    expect(findPeaks(viewers, views).map((point) => point.seconds)).toEqual(seconds);
  });
});

const folder = temporaryFolder();

describe('curves of a result', () => {
  type Row = {
    videoId: string;
    watchedRanges: { start: number; end: number }[] | null;
    maxPositionReached: number;
  };

  it('are the shares of viewers whose ranges hold each point', async () => {
    const dir = publishScenarios(folder);
    const rows = (await readResult(dir)) as Row[];
    await withTables(dir, {}, async (tables) => {
      const { videos } = await readContext(tables);
      expect(videos.map(({ videoId }) => videoId)).toEqual(['video_001', 'video_002', 'video_003']);
      for (const video of videos) {
        const viewers = rows.filter(({ videoId }) => videoId === video.videoId);
        expect(video.viewers).toBe(viewers.length);
        expect(video.curve).toHaveLength(100);
        for (const { seconds, percent } of video.curve) {
          const saw = viewers.filter(({ watchedRanges }) =>
            watchedRanges?.some(({ start, end }) => start <= seconds && seconds < end),
          );
          expect(percent).toBeCloseTo((100 * saw.length) / viewers.length, 2);
        }
      }
    });
  });

  it('go by the furthest position where runs leave ranges out', async () => {
    const dir = publishScenarios(folder, '--no-unique-seconds');
    const rows = (await readResult(dir)) as Row[];
    await withTables(dir, {}, async (tables) => {
      const { videos } = await readContext(tables);
      const viewers = rows.filter(({ videoId }) => videoId === 'video_001');
      for (const { seconds, percent } of videos[0]!.curve)
        expect(percent).toBeCloseTo(
          (100 * viewers.filter((row) => row.maxPositionReached > seconds).length) / viewers.length,
          2,
        );
    });
  });
});
