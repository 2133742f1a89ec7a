import type { Html } from '../html.ts';
import { formatPercent, formatPosition } from '../units.ts';
import { ACCENT, draw, Plot, SERIES } from './drawing.ts';

/** A moment of a video, and the share of its viewers there. */
export interface CurvePoint {
  readonly seconds: number;
  readonly percent: number;
}

export interface Retention {
  /** Viewers in percent of all of the video, at each moment. */
  readonly viewers: readonly CurvePoint[];
  /** Views, replays included, in percent of the viewers; null where they are not known. */
  readonly views: readonly CurvePoint[] | null;
  /** Moments to mark, on the line of views where there is one. */
  readonly peaks: readonly CurvePoint[];
  readonly lengthSeconds: number;
}

/** Viewers along a video as an area, views as a line above it, peaks as dots with their position. */
export function retentionChart({ viewers, views, peaks, lengthSeconds }: Retention): Html {
  const most = Math.max(100, ...[...viewers, ...(views ?? [])].map(({ percent }) => percent));
  const along = { x: 'seconds', y: 'percent', curve: 'monotone-x' } as const;
  return draw({
    height: 190,
    marginLeft: 48,
    marginTop: 20,
    marginBottom: 28,
    x: {
      label: null,
      domain: [0, lengthSeconds],
      ticks: positionTicks(lengthSeconds),
      tickFormat: formatPosition,
    },
    y: {
      label: null,
      domain: [0, most],
      grid: true,
      ticks: most > 100 ? 4 : [0, 25, 50, 75, 100],
      tickFormat: (percent: number) => `${percent} %`,
    },
    marks: [
      Plot.areaY(viewers, { ...along, fill: SERIES, fillOpacity: 0.22 }),
      views === null ? null : Plot.lineY(views, { ...along, stroke: ACCENT, strokeWidth: 1.5 }),
      Plot.lineY(viewers, { ...along, stroke: SERIES, strokeWidth: 2 }),
      Plot.dot(peaks, {
        x: 'seconds',
        y: 'percent',
        fill: ACCENT,
        r: 4,
        title: ({ seconds, percent }: CurvePoint) => `${formatPosition(seconds)}: ${formatPercent(percent)}`,
      }),
      Plot.text(peaks, {
        x: 'seconds',
        y: 'percent',
        text: ({ seconds }: CurvePoint) => formatPosition(seconds),
        dy: -11,
        fill: ACCENT,
        stroke: 'var(--card)',
        strokeWidth: 3,
        fontWeight: 600,
      }),
      Plot.ruleY([0]),
    ],
  });
}

/** A retention curve as small as a word. */
export function sparkline(percents: readonly number[]): Html {
  const points = percents.map((percent, i) => ({ i, percent }));
  return draw({
    width: 120,
    height: 28,
    margin: 1,
    axis: null,
    x: { domain: [0, Math.max(1, percents.length - 1)] },
    y: { domain: [0, Math.max(100, ...percents)] },
    marks: [
      Plot.areaY(points, { x: 'i', y: 'percent', fill: SERIES, fillOpacity: 0.22 }),
      Plot.lineY(points, { x: 'i', y: 'percent', stroke: SERIES, strokeWidth: 1.25 }),
    ],
  });
}

/** Round positions, at most six. */
function positionTicks(lengthSeconds: number): number[] {
  const steps = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];
  const step = steps.find((candidate) => lengthSeconds / candidate <= 5) ?? Math.ceil(lengthSeconds / 5);
  return Array.from({ length: Math.floor(lengthSeconds / step) + 1 }, (_, i) => i * step);
}
