import { describe, expect, it } from 'vitest';
import { EXIT, fromErrorData, nearestName, PlayfoldError, toErrorData } from '../src/errors.ts';

describe('the nearest name', () => {
  it.each([
    ['userId', ['user_id', 'session_id'], 'user_id'],
    ['userId', ['USERID', 'video'], 'USERID'],
    ['maxSegmentSecond', ['maxSegmentSeconds', 'toleranceSeconds'], 'maxSegmentSeconds'],
    ['currentTime', ['position', 'color'], undefined],
    ['userId', [], undefined],
    ['rnu', ['demo', 'run'], 'run'],
    ['rny', ['demo', 'run'], undefined],
  ] as const)('to %s among %o is %s', (name, candidates, expected) => {
    expect(nearestName(name, candidates)).toBe(expected);
  });
});

describe('an error that crosses a thread', () => {
  it('is still one that a person can act on, with its exit code', () => {
    const back = fromErrorData(structuredClone(toErrorData(new PlayfoldError('a.csv: no', EXIT.input))));
    expect(back).toBeInstanceOf(PlayfoldError);
    expect(back).toMatchObject({ message: 'a.csv: no', exitCode: 4 });
  });

  it('keeps the stack of a bug', () => {
    const bug = new TypeError('oops');
    const back = fromErrorData(structuredClone(toErrorData(bug)));
    expect(back).not.toBeInstanceOf(PlayfoldError);
    expect(back.stack).toBe(bug.stack);
  });
});
