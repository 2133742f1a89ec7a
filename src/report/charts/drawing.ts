import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { Html } from '../html.ts';

/** The marks that charts are made of: this file is the only one that knows the library. */
export { Plot };

/** Colours are variables of report.css, so that one drawing serves light and dark. */
export const SERIES = 'var(--series)';
export const ACCENT = 'var(--accent)';

/** Wide enough for half a desktop page, narrow enough for a phone without letters shrinking much. */
const WIDTH = 400;
const FONT = { fontSize: '12px', background: 'none', overflow: 'visible' };

/** Draws with Plot and gives the SVG without its style sheet, which the page has once. */
export function draw(options: Plot.PlotOptions): Html {
  const { document } = parseHTML('<html><body></body></html>');
  const svg = Plot.plot({ width: WIDTH, style: FONT, document, ...options });
  svg.querySelector('style')?.remove();
  svg.setAttribute('class', 'chart');
  svg.setAttribute('aria-hidden', 'true');
  return new Html(svg.outerHTML);
}
