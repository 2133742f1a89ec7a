import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { countCarries, event, runWhole, update, updateFolder, writeEvents } from './updates.ts';

const folder = updateFolder();

type Event = ReturnType<typeof event>;

/** Updates, one a day. */
class Days {
  readonly out: string;
  private readonly inputs: string;
  private day = 0;
  private contentHash = '';

  constructor(name: string) {
    this.inputs = join(folder, name, 'events');
    this.out = join(folder, name, 'out');
  }

  /** Answers how many carries each file holds then, the oldest first. */
  async next(events: readonly Event[]): Promise<number[]> {
    writeEvents(join(this.inputs, `${++this.day}.ndjson`), events);
    const sizes = { carryGrowth: { factor: 2, least: 0 } };
    this.contentHash = (await update({ inputs: [this.inputs], out: this.out }, sizes)).contentHash;
    return countCarries(this.out);
  }

  async expectRowsOfOneRun(): Promise<void> {
    const whole = await runWhole({ inputs: [this.inputs], out: `${this.out}-run` });
    expect(this.contentHash).toBe(whole.contentHash);
  }

  files(): string[] {
    return readdirSync(join(this.out, '_state')).filter((name) => name.startsWith('carries-'));
  }
}

const openers = (day: number, count: number, name: string): Event[] =>
  Array.from({ length: count }, (_, i) => event(day, i, 'play', 10, `${name} ${i}`));

/** Moves the horizon past all that came before, and leaves nothing behind. */
const later = (day: number): Event[] => [
  event(day, 1300, 'play', 0, 'clock'),
  event(day, 1301, 'pause', 60, 'clock'),
];

it('a session left open is gone on with days later, once; what others left stays where it is', async () => {
  const days = new Days('days');
  expect(await days.next([...openers(1, 20, 'old'), ...later(1)])).toEqual([20]);
  const [oldest = ''] = days.files();
  const { ino } = statSync(join(days.out, '_state', oldest));
  // Five more, and one that watches on: a segment across two days, after which nothing is open.
  const watchesOn = event(3, 0, 'pause', 500, 'old 7');
  expect(await days.next([...openers(3, 5, 'new'), watchesOn, ...later(3)])).toEqual([20, 6]);
  expect(days.files()).toHaveLength(2);
  expect(statSync(join(days.out, '_state', oldest)).ino).toBe(ino);
  // So a pause credits no more; another begins anew, and is left open again.
  const again = [event(5, 0, 'pause', 900, 'old 7'), event(5, 0, 'play', 40, 'old 8')];
  expect(await days.next([...again, ...later(5)])).toEqual([20, 6, 1]);
  expect(await days.next([event(6, 0, 'pause', 100, 'old 8'), ...later(6)])).toEqual([20, 6, 1]);
  await days.expectRowsOfOneRun();
  // About as many again: one file, without what is over.
  expect(await days.next([...openers(8, 12, 'late'), ...later(8)])).toEqual([35]);
  expect(days.files()).toHaveLength(1);
});

it('a pair with late events loses what its sessions left behind, and gets it anew', async () => {
  const days = new Days('late');
  const session = (sessionId: string, one: Event): Event => ({ ...one, sessionId });
  const first = [session('a', event(1, 0, 'play', 0)), session('b', event(1, 10, 'play', 0))];
  expect(await days.next([...first, ...openers(1, 9, 'other'), ...later(1)])).toEqual([11]);
  // Late for a, which it closes; b is folded again beside it.
  expect(await days.next([session('a', event(1, 2, 'pause', 120)), ...later(3)])).toEqual([11, 2]);
  const next = [session('a', event(5, 0, 'pause', 300)), session('b', event(5, 0, 'pause', 400))];
  expect(await days.next([...next, event(5, 1, 'pause', 90, 'other 4'), ...later(5)])).toEqual([11, 3]);
  expect(await days.next([session('b', event(7, 0, 'pause', 700)), ...later(7)])).toEqual([11, 3]);
  await days.expectRowsOfOneRun();
});
