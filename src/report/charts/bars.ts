import type { Html } from '../html.ts';
import { formatCount, formatTick, shorten } from '../units.ts';
import { draw, Plot, SERIES } from './drawing.ts';

/** Characters of a label that leave room for its bar. */
const LABEL_LENGTH = 26;

/** A bar: what it stands for, how long it is, and what a pointer shows. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly color?: string;
}

/** A y axis of amounts, from zero. */
const amountAxis = (label: string) => ({
  label,
  labelArrow: 'none' as const,
  grid: true,
  ticks: 4,
  nice: true,
  zero: true,
  tickFormat: formatTick,
});

/** Horizontal bars in the order given, each with its text behind it: that is why there is no axis of values. */
export function barChart(bars: readonly Bar[], labelLength = LABEL_LENGTH): Html {
  const shown = bars.map((bar) => ({ ...bar, label: shorten(bar.label, labelLength) }));
  const longest = Math.max(...shown.map(({ label }) => [...label].length));
  return draw({
    height: 8 + 28 * bars.length,
    marginLeft: longest * 6.9 + 12,
    marginRight: 62,
    marginTop: 4,
    marginBottom: 4,
    x: { axis: null, domain: [0, Math.max(...bars.map(({ value }) => value)) || 1] },
    // By place, because two bars may have one label.
    y: { label: null, tickSize: 0, tickFormat: (place: number) => shown[place]?.label ?? '' },
    color: { type: 'identity' },
    marks: [
      Plot.barX(shown, {
        x: 'value',
        y: (_: Bar, place: number) => place,
        fill: (bar: Bar) => bar.color ?? SERIES,
        rx: 2,
        insetTop: 2,
        insetBottom: 2,
        title: (_: Bar, place: number) => `${bars[place]!.label}: ${bars[place]!.text}`,
      }),
      Plot.text(shown, {
        x: 'value',
        y: (_: Bar, place: number) => place,
        text: 'text',
        textAnchor: 'start',
        dx: 5,
      }),
      Plot.ruleX([0]),
    ],
  });
}

/** Upright bars over named classes, such as 0, 1, 2, 3-5. */
export function classChart(bars: readonly Bar[], xLabel: string, yLabel: string): Html {
  return draw({
    height: 210,
    marginLeft: 44,
    marginTop: 24,
    marginBottom: 40,
    x: {
      label: xLabel,
      labelAnchor: 'center',
      labelArrow: 'none',
      tickSize: 0,
      domain: bars.map(({ label }) => label),
    },
    y: amountAxis(yLabel),
    marks: [
      Plot.barY(bars, {
        x: 'label',
        y: 'value',
        fill: SERIES,
        rx: 2,
        title: (bar: Bar) => `${bar.label}: ${bar.text}`,
      }),
      Plot.ruleY([0]),
    ],
  });
}

/** A histogram over 0 to 100 % in equal steps. */
export function histogram(counts: readonly number[], xLabel: string, yLabel: string): Html {
  const step = 100 / counts.length;
  const bins = counts.map((value, i) => ({ from: i * step, to: (i + 1) * step, value }));
  return draw({
    height: 210,
    marginLeft: 52,
    marginTop: 24,
    marginBottom: 40,
    x: {
      label: xLabel,
      labelAnchor: 'center',
      labelArrow: 'none',
      domain: [0, 100],
      ticks: 5,
      tickFormat: (percent: number) => `${percent} %`,
    },
    y: {
      label: yLabel,
      labelArrow: 'none',
      grid: true,
      ticks: 4,
      nice: true,
      tickFormat: formatTick,
      domain: [0, Math.max(...counts, 1)],
    },
    marks: [
      Plot.rectY(bins, {
        x1: 'from',
        x2: 'to',
        y: 'value',
        inset: 0.75,
        rx: 2,
        fill: SERIES,
        title: ({ from, to, value }: (typeof bins)[number]) => `${from}-${to} %: ${formatCount(value)}`,
      }),
      Plot.ruleY([0]),
    ],
  });
}

/** Days on which a line says more than bars. */
const MANY_DAYS = 62;

/** Values by day: bars while they have room, an area beyond. Days without a row count 0. */
export function dayChart(days: readonly { day: Date; value: number }[], yLabel: string): Html {
  const title = ({ day, value }: { day: Date; value: number }): string =>
    `${day.toISOString().slice(0, 10)}: ${formatCount(value)}`;
  const marks =
    days.length <= MANY_DAYS
      ? [
          Plot.rectY(days, {
            x: 'day',
            interval: 'day',
            y: 'value',
            fill: SERIES,
            insetLeft: 0.5,
            insetRight: 0.5,
            title,
          }),
        ]
      : [
          Plot.areaY(days, { x: 'day', y: 'value', fill: SERIES, fillOpacity: 0.25 }),
          Plot.lineY(days, { x: 'day', y: 'value', stroke: SERIES, strokeWidth: 1.5 }),
        ];
  return draw({
    height: 210,
    marginLeft: 48,
    marginTop: 24,
    x: { type: 'utc', label: null, ticks: 5 },
    y: amountAxis(yLabel),
    marks: [...marks, Plot.ruleY([0])],
  });
}
