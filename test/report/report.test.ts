import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, it } from 'vitest';
import { quoteText } from '../../src/duckdb.ts';
import { writeReport } from '../../src/report/report.ts';
import { playfold, runJson, temporaryFolder, withDatabase, writeText } from '../built-cli.ts';
import { ask, publishScenarios } from '../published.ts';
import { HOSTILE_TITLES, publishHostile } from './sample-page.ts';

const folder = temporaryFolder();
const path = (...names: readonly string[]): string => join(folder, ...names);

async function pageOf(dir: string, options: { title?: string; withUsers?: boolean } = {}) {
  const out = path('report.html');
  await writeReport({ dir, out, title: 'Watch report', withUsers: false, ...options });
  const text = readFileSync(out, 'utf8');
  return { text, document: parseHTML(text).document };
}
type Page = Awaited<ReturnType<typeof pageOf>>;

/** Cells of the table behind a chart, or of a table of its own. */
function cells({ document }: Page, title: string): string[][] {
  const figure = [...document.querySelectorAll('figure')].find(
    (element) => element.querySelector('h3')?.textContent === title,
  );
  const rows = figure?.querySelectorAll('tbody tr') ?? [];
  return [...rows].map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? ''));
}

const cards = ({ document }: Page): Record<string, string> =>
  Object.fromEntries(
    [...document.querySelectorAll('.cards > div')].map((card) => [
      card.querySelector('dt')!.textContent,
      card.querySelector('strong')!.textContent,
    ]),
  );

describe('a report', () => {
  let dir = '';
  let page: Page;
  beforeAll(async () => {
    dir = publishScenarios(path('scenarios'));
    page = await pageOf(dir);
  });

  it('has the figures of the summary', () => {
    // 31 rows of 30 users (SPEC.md section 7) and nadia's.
    expect(cards(page)).toMatchObject({ Viewers: '31', Videos: '3' });
    expect(page.document.querySelector('header p')?.textContent).toMatch(
      /^2026-01-05 to 2026-03-05 · 1\d\d player events/,
    );
    const { summary } = JSON.parse(readFileSync(join(dir, '_run.json'), 'utf8'));
    expect(cells(page, 'Engagement tiers').map(([tier, count]) => [tier, Number(count)])).toEqual(
      Object.entries(summary.result.tiers),
    );
    expect(cells(page, 'Quality flags').map(([, count]) => Number(count))).toEqual(
      Object.values(summary.result.flags),
    );
    expect(cells(page, 'Invalid events by reason').map(([, count]) => Number(count))).toEqual(
      Object.values(summary.events.invalidByReason),
    );
    const watched = cells(page, 'How much of a video is watched').map(([, count]) => Number(count));
    expect(watched).toHaveLength(20);
    expect(watched.reduce((sum, count) => sum + count)).toBe(summary.result.rows);
    expect(page.document.body.textContent.replaceAll(/\s+/g, ' ')).toContain(
      `${summary.events.read} read = ${summary.events.kept} kept + ${summary.events.invalid} invalid`,
    );
  });

  it('says what it counts by day: without visits, first and last watch', () => {
    expect(cells(page, 'Active viewers a day')).toContainEqual(['2026-01-06', '2']);
    expect(cells(page, 'Active viewers a day')).toContainEqual(['2026-01-21', '0']);
    // carla watched on three days, of which the one between is not known.
    expect(cells(page, 'Active viewers a day').slice(-3)).toEqual([
      ['2026-03-03', '1'],
      ['2026-03-04', '0'],
      ['2026-03-05', '1'],
    ]);
    expect(page.text).toContain('Visits in between are not known, so this is at least so many');
    expect(cells(page, 'Watch hours by the day of the first watch')).toContainEqual([
      '2026-01-05',
      '10.0 min',
    ]);
  });

  it('has a title, a description and a table for every chart', () => {
    const figures = [...page.document.querySelectorAll('figure')];
    expect(figures.length).toBeGreaterThan(12);
    for (const figure of figures) {
      expect(figure.querySelector('figcaption h3')?.textContent).not.toBe('');
      expect(figure.querySelector('[role=img]')?.getAttribute('aria-label')?.length).toBeGreaterThan(20);
      expect(figure.querySelectorAll('svg')).toHaveLength(1);
      expect(figure.querySelectorAll('details td').length).toBeGreaterThan(1);
    }
  });

  it('names no user, unless asked to', async () => {
    const users = ['alice', 'bilal', 'hana', 'nadia', 'peter', 'olga'];
    expect(users.filter((user) => page.text.includes(user))).toEqual([]);
    const named = await pageOf(dir, { withUsers: true });
    expect(named.document.querySelector('[aria-label="Top users"] tbody td')?.textContent).toBe('hana');
    expect(named.text).toContain('This page names users because it was made with --with-users');
  });

  it('loads nothing and runs nothing', () => {
    expect(
      page.document.querySelectorAll('script, link, img, iframe, object, embed, use, image'),
    ).toHaveLength(0);
    const attributes = [...page.document.querySelectorAll('*')].flatMap((element) => [...element.attributes]);
    expect(attributes.filter(({ name }) => /^(on|src|href|xlink)/.test(name))).toEqual([]);
    expect(page.text).not.toMatch(/url\(|@import|https?:(?!\/\/www\.w3\.org)/);
    expect(page.text).toContain(`content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;"`);
  });

  it('shows hostile titles as they are', async () => {
    const hostile = await pageOf(publishHostile(path('hostile')), { title: HOSTILE_TITLES[0] });
    expect(hostile.document.querySelector('h1')?.textContent).toBe(HOSTILE_TITLES[0]);
    expect(hostile.document.querySelectorAll('script, img, foreignObject, style + style')).toHaveLength(0);
    expect(hostile.document.querySelectorAll('style')).toHaveLength(1);
    const names = [...hostile.document.querySelectorAll('[aria-label="Top videos"] tbody tr td:first-child')];
    expect(names.map((name) => name.textContent).sort()).toEqual([...HOSTILE_TITLES].sort());
    expect(hostile.text).not.toContain('secret-user');
    expect(hostile.text).not.toMatch(/<script/i);
  });

  it('counts visits by day and marks what is watched again, where the result has those tables', async () => {
    const rich = publishScenarios(path('rich'));
    const add = (table: string, sql: string): Promise<void> => {
      writeText(join(rich, table, '.keep'), '');
      const file = quoteText(join(rich, table, 'data_0.parquet'));
      return withDatabase((database) => database.run(`COPY (${sql}) TO ${file} (FORMAT parquet)`));
    };
    await add(
      'sessions',
      `SELECT 'carla' AS userId, 'video_001' AS videoId, make_timestamptz(2026, 3, 4, 8, 0, 0) AS firstTimestamp, 1800e0 AS watchTime`,
    );
    await add(
      'retention',
      `SELECT 'video_001' AS videoId, range::DOUBLE AS startPosition, range + 1e0 AS endPosition, 20 AS viewers, 60 AS views FROM range(60, 81)`,
    );
    const manifest = JSON.parse(readFileSync(join(rich, '_run.json'), 'utf8'));
    for (const table of ['sessions', 'retention']) manifest.files.push({ path: `${table}/data_0.parquet` });
    writeFileSync(join(rich, '_run.json'), JSON.stringify(manifest));
    const page = await pageOf(rich);
    expect(cells(page, 'Active viewers a day')).toEqual([['2026-03-04', '1']]);
    expect(cells(page, 'Watch hours by day')).toEqual([['2026-03-04', '30.0 min']]);
    const labels = [...page.document.querySelectorAll('figure [role=img]')].map((chart) =>
      chart.getAttribute('aria-label'),
    );
    expect(labels).toContainEqual(expect.stringMatching(/^Retention of Introduction: .*; peaks at 1:02$/));
    expect(page.text).toContain('dots mark what is watched again most');
  });

  it('reads the tables that a run writes', async () => {
    const out = publishScenarios(path('tables'), '--tables', 'sessions,retention');
    const page = await pageOf(out);
    const sessions = await ask(
      out,
      `select count(distinct userId) as users from sessions group by firstTimestamp::DATE order by firstTimestamp::DATE`,
    );
    const users = cells(page, 'Active viewers a day').map((row) => row[1]);
    expect(users.filter((count) => count !== '0')).toEqual(sessions.trim().split('\n').slice(1));
    expect(page.text).toContain('Hours of the visits that began on the day');
    expect(page.text).toContain('dots mark what is watched again most');
    for (const [position, viewers, views] of cells(page, 'Introduction')) {
      expect(position).toMatch(/^\d+:\d\d$/);
      expect(Number.parseFloat(views ?? '')).toBeGreaterThanOrEqual(Number.parseFloat(viewers ?? ''));
    }
    expect(cells(page, 'Introduction').length).toBeGreaterThan(10);
  });

  it('of nothing says so', async () => {
    const out = path('empty');
    runJson(writeText(path('empty.ndjson'), ''), '--allow-empty', '--out', out);
    const page = await pageOf(out);
    expect(page.document.querySelector('header p')?.textContent).toMatch(/^No rows · 0 player events/);
    expect(page.text).toContain('Nothing to draw.');
    expect(page.text).not.toMatch(/NaN|undefined|Infinity|null/);
  });

  it('of a run without unique seconds says what its curves show', async () => {
    const page = await pageOf(publishScenarios(path('reach'), '--no-unique-seconds'));
    expect(page.text).toContain('came at least so far: this run left out unique seconds');
    expect(page.text).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('stays under 1 MB for 10,000 videos with long titles', async () => {
    const events = Array.from({ length: 10_000 }, (_, video) =>
      [0, 30 + (video % 90)].map((currentTime) =>
        JSON.stringify({
          timestamp: new Date(Date.UTC(2024, 0, 1) + video * 7.2e6 + currentTime * 1000).toISOString(),
          userId: `u${video % 500}`,
          sessionId: `s${video}`,
          videoId: `video_${video}`,
          eventName: currentTime === 0 ? 'play' : 'pause',
          currentTime,
        }),
      ),
    ).flat();
    const videos = Array.from({ length: 10_000 }, (_, video) =>
      JSON.stringify({
        videoId: `video_${video}`,
        duration: 120,
        title: `Video ${video} ${'&'.repeat(200)}`,
      }),
    );
    runJson(
      writeText(path('many.ndjson'), events.join('\n')),
      '--videos',
      writeText(path('many-videos.ndjson'), videos.join('\n')),
      '--out',
      path('many'),
    );
    const page = await pageOf(path('many'));
    expect(cards(page)).toMatchObject({ Videos: '10,000' });
    expect(statSync(path('report.html')).size).toBeLessThan(1e6);
  });

  it('is written whole or not at all', async () => {
    await expect(pageOf(path())).rejects.toMatchObject({ exitCode: 4 });
    await expect(
      writeReport({ dir, out: path('nowhere', 'r.html'), title: '', withUsers: false }),
    ).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(/there is no folder .*nowhere/) });
    expect(readdirSync(folder).filter((name) => name.startsWith('.report'))).toEqual([]);
  });
});

it('the command writes it', () => {
  const dir = path('scenarios', 'watch');
  const { code, stdout, stderr } = playfold(['report', dir, '--out', path('from-command.html')]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/from-command.html/);
  expect(readFileSync(path('from-command.html'), 'utf8')).toMatch(/<\/html>\n$/);
});
