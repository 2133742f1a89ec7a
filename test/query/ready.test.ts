import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parameterValues, readReady, readyNames } from '../../src/query/ready.ts';
import { readResult, temporaryFolder } from '../built-cli.ts';
import { askReady, publishScenarios } from '../published.ts';

const folder = temporaryFolder();
let dir = '';
/** The result as plain rows: what each ready query must agree with. */
let rows: {
  userId: string;
  videoId: string;
  totalWatchTime: number;
  engagementTier: string;
  isCompletedAtLeastOnce: boolean;
  uniqueWatchPercentage: number;
  completionPercentage: number;
  dataQualityFlag: string;
  dataQualityFlags: string[];
  maxPositionReached: number;
  /** Microseconds since 1970. */
  firstWatchDate: number;
  lastWatchDate: number;
  watchedRanges: { start: number; end: number }[];
}[] = [];

beforeAll(async () => {
  dir = publishScenarios(folder);
  rows = (await readResult(dir)) as typeof rows;
});

const count = (holds: (row: (typeof rows)[number]) => boolean): number => rows.filter(holds).length;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
/** Weeks since 1970, each from Monday, UTC. */
const weekOf = (timestampUs: number): number => Math.floor((timestampUs / 86_400e6 + 3) / 7);
const weekOfDay = (day: unknown): number => weekOf(Date.parse(String(day)) * 1000);
const round = (value: number, digits: number): number => Number(value.toFixed(digits));

describe.each(readyNames())('%s', (name) => {
  it('is documented, runs as it is, and takes what it says', async () => {
    const ready = readReady(name);
    expect(ready.summary).toMatch(/^[A-Z].{20,100}\.$/);
    expect(ready.text).toMatch(/;\n$/);
    const used = [
      ...new Set([...ready.sql.replaceAll(/--.*/g, '').matchAll(/\$(\w+)/g)].map((found) => found[1])),
    ];
    expect(used.sort()).toEqual(ready.parameters.map((parameter) => parameter.name).sort());
    expect((await askReady(dir, name)).length).toBeGreaterThan(0);
    expect(await askReady(dir, name)).toEqual(await askReady(dir, name));
  });

  it('binds values and never pastes them', async () => {
    if (!readReady(name).parameters.some((parameter) => parameter.name === 'video')) return;
    const hostile = await askReady(dir, name, { video: `' OR 1 = 1; DROP VIEW engagement; --` });
    const rowsOfNobody = hostile.filter((row) =>
      Object.values(row).some((value) => typeof value === 'number' && value > 5 && row.step === undefined),
    );
    expect(rowsOfNobody).toEqual([]);
    for (const row of hostile) expect(row).not.toHaveProperty('userId');
  });
});

describe('what they answer', () => {
  it('top-videos: the videos by watch time', async () => {
    const answer = await askReady(dir, 'top-videos', { limit: 2 });
    expect(answer).toHaveLength(2);
    const ofFirst = rows.filter((row) => row.videoId === 'video_001');
    expect(answer[0]).toMatchObject({
      videoId: 'video_001',
      title: 'Introduction',
      viewers: ofFirst.length,
      watchHours: round(sum(ofFirst.map((row) => row.totalWatchTime)) / 3600, 1),
      completedPercent: round(
        (100 * ofFirst.filter((row) => row.isCompletedAtLeastOnce).length) / ofFirst.length,
        1,
      ),
    });
    expect(answer[1]).toMatchObject({ videoId: 'video_002' });
  });

  it('power-users: the users by watch time', async () => {
    const answer = await askReady(dir, 'power-users', { limit: 3 });
    // hana 640 s; fatima twice 300 s; then the first of those with 300 s.
    expect(answer.map(({ userId }) => userId)).toEqual(['hana', 'fatima', 'alice']);
    expect(answer[1]).toMatchObject({ videos: 2, sessions: 2, videosCompleted: 2, watchHours: 0.17 });
  });

  it('drop-off: counts every viewer of the video once, where the last range ends', async () => {
    const answer = await askReady(dir, 'drop-off', { video: 'video_001', bucket: 30 });
    const viewers = rows.filter((row) => row.videoId === 'video_001');
    const left = viewers.filter((row) => !row.isCompletedAtLeastOnce);
    const lastSecond = (row: (typeof rows)[number]): number => row.watchedRanges.at(-1)?.end ?? 0;
    expect(answer[0]).toMatchObject({ fromSeconds: 0, toSeconds: 30, stillWatching: viewers.length });
    for (const step of answer)
      expect(step).toMatchObject({
        stopped: left.filter((row) => Math.floor(lastSecond(row) / 30) * 30 === step.fromSeconds).length,
        stillWatching: viewers.filter(
          (row) => row.isCompletedAtLeastOnce || lastSecond(row) >= Number(step.fromSeconds),
        ).length,
      });
    expect(sum(answer.map((step) => Number(step.stopped)))).toBe(left.length);
    // peter, the worked example, and amir stopped at 120 s: they are in the step that begins there.
    expect(answer.find((step) => step.fromSeconds === 120)).toMatchObject({ stopped: 2 });
    expect((await askReady(dir, 'drop-off', { bucket: 30 })).length).toBe(answer.length);
    expect(await askReady(dir, 'drop-off', { video: 'video_001', bucket: 7.5 })).toHaveLength(40);
  });

  it('completion-funnel: counts those who came and those who watched so far', async () => {
    const answer = await askReady(dir, 'completion-funnel');
    expect(answer.map(({ step }) => step)).toEqual(['started', '25 %', '50 %', '75 %', '95 %', 'end event']);
    const at = (percent: number) => ({
      reached: count((row) => row.completionPercentage >= percent),
      watched: count((row) => row.uniqueWatchPercentage >= percent),
    });
    expect(answer.slice(0, 5)).toMatchObject([at(0), at(25), at(50), at(75), at(95)]);
    expect(answer[5]).toMatchObject({ reached: count((row) => row.isCompletedAtLeastOnce) });
  });

  it('cohorts: who came back, empty where the data ends', async () => {
    const answer = await askReady(dir, 'cohorts');
    // The events go from Monday 2026-01-05 to Thursday 2026-03-05.
    expect(answer[0]).toMatchObject({ week: '2026-03-02', week1Percent: null });
    expect(answer.at(-1)).toMatchObject({ week: '2026-01-05', week1Percent: 0, week8Percent: 0 });
    // carla watched on Tuesday 3 to Thursday 5 March, amir on Sunday the 1st.
    expect(answer[1]).toMatchObject({ week: '2026-02-23', users: 1, week1Percent: 0 });
    expect(sum(answer.map(({ users }) => Number(users)))).toBe(new Set(rows.map((row) => row.userId)).size);
  });

  it('cohorts: shares of the users of each week, counted one by one', async () => {
    const seen = new Map<string, Set<number>>();
    for (const { userId, firstWatchDate, lastWatchDate } of rows) {
      const weeks = seen.get(userId) ?? new Set();
      seen.set(userId, weeks.add(weekOf(firstWatchDate)).add(weekOf(lastWatchDate)));
    }
    const users = [...seen.values()];
    const latest = Math.max(...users.flatMap((weeks) => [...weeks]));
    for (const row of await askReady(dir, 'cohorts')) {
      const cohort = weekOfDay(row.week);
      const began = users.filter((weeks) => Math.min(...weeks) === cohort);
      expect(row.users).toBe(began.length);
      for (let age = 1; age <= 8; age++) {
        const back = began.filter((weeks) => weeks.has(cohort + age)).length;
        const percent = cohort + age > latest ? null : round((100 * back) / began.length, 1);
        expect(row[`week${age}Percent`]).toBe(percent);
      }
    }
  });

  it('weekly-trend: each row in the week of its first watch', async () => {
    const answer = await askReady(dir, 'weekly-trend');
    expect(sum(answer.map(({ videosBegun }) => Number(videosBegun)))).toBe(rows.length);
    const firstWeeks = new Map<string, number>();
    for (const { userId, firstWatchDate } of rows) {
      const week = weekOf(firstWatchDate);
      firstWeeks.set(userId, Math.min(week, firstWeeks.get(userId) ?? week));
    }
    for (const { week: day, users, newUsers } of answer) {
      const week = weekOfDay(day);
      const begun = rows.filter(({ firstWatchDate }) => weekOf(firstWatchDate) === week);
      expect(users).toBe(new Set(begun.map(({ userId }) => userId)).size);
      expect(newUsers).toBe([...firstWeeks.values()].filter((first) => first === week).length);
    }
    expect(await askReady(dir, 'weekly-trend', { limit: 1 })).toHaveLength(1);
  });

  it('incomplete-but-engaged: half and more, without an end and without a flag', async () => {
    const expected = rows.filter(
      (row) =>
        !row.isCompletedAtLeastOnce &&
        row.uniqueWatchPercentage >= 50 &&
        row.completionPercentage < 95 &&
        row.dataQualityFlag === 'ok',
    );
    const answer = await askReady(dir, 'incomplete-but-engaged');
    expect(answer.map(({ userId }) => userId).sort()).toEqual(expected.map((row) => row.userId).sort());
  });

  it('suspicious: users with flags that say more than "short"', async () => {
    const grave = [
      'implausible_segment',
      'excessive_watch_time',
      'position_exceeds_duration',
      'completed_without_sufficient_watch',
    ];
    const expected = rows.filter((row) => row.dataQualityFlags.some((flag) => grave.includes(flag)));
    const answer = await askReady(dir, 'suspicious', { limit: 1000 });
    expect(answer.map(({ userId }) => userId).sort()).toEqual(
      [...new Set(expected.map((row) => row.userId))].sort(),
    );
    expect(answer[0]).toMatchObject({ userId: 'olga', positionExceedsDuration: 1, rejectedSegments: 1 });
  });

  it('tiers: every row, from the highest tier down', async () => {
    const answer = await askReady(dir, 'tiers');
    expect(answer.map(({ tier, viewers }) => [tier, viewers])).toEqual(
      ['High', 'Medium', 'Low', 'Minimal']
        .map((tier) => [tier, count((row) => row.engagementTier === tier)])
        .filter(([, viewers]) => viewers !== 0),
    );
  });
});

describe('a result without unique seconds', () => {
  let other = '';
  beforeAll(() => {
    other = publishScenarios(join(folder, 'other'), '--no-unique-seconds');
  });

  it.each(readyNames())('answers %s too', async (name) => {
    expect(Array.isArray(await askReady(other, name))).toBe(true);
  });
});

describe('parameters', () => {
  it('have defaults', () => {
    expect(parameterValues(readReady('drop-off'), { bucket: 10 })).toEqual({ video: null, bucket: 10 });
  });

  it.each([
    ['toptiers', {}, /there is no such query; did you mean 'tiers'|there are /],
    ['topvideos', {}, /did you mean 'top-videos'\?/],
    ['../ready', {}, /there is no such query/],
    ['tiers', { limit: 3 }, /--limit: tiers does not take it; it takes --video\./],
  ] as const)('of %s with %o are refused', (name, given, message) => {
    expect(() => parameterValues(readReady(name), given)).toThrow(message);
  });
});
