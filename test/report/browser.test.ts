import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeReport } from '../../src/report/report.ts';
import { temporaryFolder } from '../built-cli.ts';
import { findChromium, HOSTILE_TITLES, publishHostile } from './sample-page.ts';

const folder = temporaryFolder();
const executablePath = findChromium();
if (executablePath === undefined)
  console.warn(
    'Chromium is not installed: the report is not looked at in a browser (apt-get install chromium).',
  );

/** What the browser makes of each drawing: its box, and how many marks of it have a size. */
const LOOK = `[...document.querySelectorAll('svg.chart')].map((svg) => {
  const { left, right, width, height } = svg.getBoundingClientRect();
  const marks = [...svg.querySelectorAll('rect, path, circle')].filter((mark) => {
    const box = mark.getBBox();
    return box.width > 0 || box.height > 0;
  });
  const paint = getComputedStyle(marks.at(-1) ?? svg);
  const texts = [...svg.querySelectorAll('text')].map((text) => text.getBoundingClientRect());
  return {
    width, height, left, right, marks: marks.length,
    painted: paint.fill !== 'none' && paint.fill !== '' || paint.stroke !== 'none',
    cutTexts: texts.filter((text) => text.left < 0 || text.right > document.documentElement.clientWidth).length,
    isSmall: svg.closest('.spark') !== null,
  };
})`;

interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly marks: number;
  readonly painted: boolean;
  readonly cutTexts: number;
  readonly isSmall: boolean;
}

describe.skipIf(executablePath === undefined)('a report in Chromium', () => {
  let browser: Browser;
  let url = '';
  beforeAll(async () => {
    const out = join(folder, 'report.html');
    await writeReport({ dir: publishHostile(folder), out, title: HOSTILE_TITLES[0], withUsers: true });
    url = pathToFileURL(out).href;
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  const backgrounds = new Map<string, unknown>();

  it.each([
    ['light', 1200],
    ['dark', 1200],
    ['light', 390],
    ['dark', 390],
  ] as const)(
    'is drawn in the %s theme, %i pixels wide, without a word on the console',
    async (colorScheme, width) => {
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
      const said: string[] = [];
      const loaded: string[] = [];
      page.on('console', (message) => said.push(message.text()));
      page.on('pageerror', (error) => said.push(error.message));
      page.on('request', (request) => loaded.push(request.url()));
      await page.goto(url);

      const drawings = await page.evaluate<Drawing[]>(LOOK);
      expect(drawings.filter(({ isSmall }) => isSmall)).toHaveLength(HOSTILE_TITLES.length);
      expect(drawings.filter(({ isSmall }) => !isSmall)).toHaveLength(20);
      for (const drawing of drawings) {
        expect(drawing).toMatchObject({ painted: true, cutTexts: 0 });
        expect(drawing.marks).toBeGreaterThan(0);
        if (drawing.isSmall) continue;
        expect(drawing.width).toBeGreaterThan(300);
        expect(drawing.height).toBeGreaterThan(60);
        expect(drawing.left).toBeGreaterThanOrEqual(0);
        expect(drawing.right).toBeLessThanOrEqual(width);
      }
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await page.title()).toBe(HOSTILE_TITLES[0]);
      backgrounds.set(colorScheme, await page.evaluate('getComputedStyle(document.body).backgroundColor'));
      expect(said).toEqual([]);
      expect(loaded).toEqual([url]);
      await page.close();
    },
  );

  it('is dark in the dark theme, and light on paper', async () => {
    expect(backgrounds.get('light')).not.toBe(backgrounds.get('dark'));
    const page = await browser.newPage({ colorScheme: 'dark' });
    await page.goto(url);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    const details = `[...document.querySelectorAll('figure details')].filter((e) => e.offsetHeight > 0).length`;
    expect(await page.evaluate(details)).toBe(0);
    await page.close();
  });

  it('opens the table behind a chart', async () => {
    const page = await browser.newPage();
    await page.goto(url);
    const table = page.locator('figure details table').first();
    expect(await table.isVisible()).toBe(false);
    await page.locator('figure summary').first().click();
    expect(await table.isVisible()).toBe(true);
    await page.close();
  });
});
