import type { Contender } from './whole-run.ts';

/** One figure that a large run is held to. */
export interface Aim {
  readonly name: string;
  readonly aim: string;
  readonly found: number;
  readonly holds: boolean;
}

/** The names of the variants that aims speak of, and how playfold is called for them. */
export const VARIANTS = {
  'one thread': ['--threads', '1'],
  '--memory 512MB': ['--memory', '512MB'],
  '--no-unique-seconds': ['--no-unique-seconds'],
} as const;

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The median of the ratios of those rounds in which both took part. */
export function ratio(a: Contender, b: Contender): number {
  const rounds = Math.min(a.seconds.length, b.seconds.length);
  return median(Array.from({ length: rounds }, (_, round) => a.seconds[round]! / b.seconds[round]!));
}

/** What the contenders of a large run, and playfold's of one with a tenth of the events, say of each aim. */
export function judgeAims(contenders: readonly Contender[], tenth: Contender | undefined): Aim[] {
  const find = (name: string): Contender | undefined => contenders.find((one) => one.name === name);
  const playfold = find('playfold')!;
  const aims: Aim[] = [];
  const most = (name: string, limit: number, found: number | undefined): void => {
    if (found !== undefined) aims.push({ name, aim: `<= ${limit}`, found, holds: found <= limit });
  };
  const least = (name: string, limit: number, found: number | undefined): void => {
    if (found !== undefined) aims.push({ name, aim: `>= ${limit}`, found, holds: found >= limit });
  };
  const over = (name: string): number | undefined => {
    const other = find(name);
    return other && ratio(other, playfold);
  };
  const floor = find('floor');
  const small = find('--memory 512MB');
  most('whole run / scan floor', 4, floor && ratio(playfold, floor));
  least('SQL over hashed keys / whole run', 4, over('hashed-keys'));
  least('SQL over text keys / whole run', 12, over('text-keys'));
  most('peak resident memory, GB', 1.5, playfold.peakBytes / 1e9);
  most(
    'time / time of a tenth of the events',
    10.5,
    tenth && median(playfold.seconds) / median(tenth.seconds),
  );
  least('one thread / all threads', 1.7, over('one thread'));
  most('--memory 512MB / default budget', 1.6, over('--memory 512MB'));
  most('--memory 512MB: peak resident memory, GB', 0.7, small && small.peakBytes / 1e9);
  most('--no-unique-seconds / with them', 1, over('--no-unique-seconds'));
  return aims;
}
