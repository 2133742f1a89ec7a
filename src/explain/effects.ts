import type { Config } from '../config/schema.ts';
import { CLASS_END, CLASS_PAUSE, CLASS_PROGRESS, CLASS_SEEK } from '../kernel/layout.ts';
import type { KernelRecord } from './pair-events.ts';
import { formatClock, formatSeconds } from './units.ts';

const ABSENT = -1n;

/** What an event did, in words, from the step that the kernel recorded. Empty for one that did nothing. */
export function describeEffects(step: KernelRecord, config: Config): string[] {
  if (step.duplicate) return ['duplicate of the event before: dropped'];
  const eventClass = Number(step.word! & 7n);
  const said = [...describeSegment(step, eventClass, config), ...describeJump(step)];
  if (step.replays) said.push('replay: started again after the end');
  if (step.unclosed) said.push(`unclosed: nothing closed what opened at ${formatClock(step.openUs!)}`);
  if (eventClass === CLASS_END) said.push('completes the visit');
  const opens = eventClass > CLASS_SEEK && eventClass !== CLASS_PROGRESS;
  const isOpen = step.openUs !== ABSENT;
  if (opens || (isOpen && eventClass === CLASS_SEEK)) said.push(`opens at ${formatClock(step.positionUs!)}`);
  if (!isOpen && eventClass === CLASS_PROGRESS) said.push('no effect: nothing was open');
  if (!isOpen && (eventClass === CLASS_PAUSE || eventClass === CLASS_END))
    said.push('nothing was open to close');
  if (step.leftOpen) said.push('unclosed: the visit ends here and nothing closed what was open');
  return said;
}

function describeSegment(step: KernelRecord, eventClass: number, config: Config): string[] {
  const endUs = eventClass === CLASS_SEEK ? step.fromUs! : step.positionUs!;
  if (step.creditedUs)
    return [
      `credited ${formatSeconds(step.creditedUs)} (${formatClock(step.openUs!)} to ${formatClock(endUs)})`,
    ];
  if (!step.rejected) return [];
  const lengthUs = endUs - step.openUs!;
  const wallUs = (step.word! >> 3n) - step.openTimestampUs!;
  if (lengthUs < 0n) return [`rejected: ${formatSeconds(-lengthUs)} backwards without a seek`];
  const limit = BigInt(Math.round(config.maxSegmentSeconds * 1e6));
  const why = lengthUs > limit ? `, above maxSegmentSeconds` : '';
  return [`rejected: ${formatSeconds(lengthUs)} of video in ${formatSeconds(wallUs)}${why}`];
}

function describeJump(step: KernelRecord): string[] {
  if (!step.forwardSkips && !step.backwardSkips) return [];
  const leftUs = step.fromUs === ABSENT ? step.closedUs! : step.fromUs!;
  const distanceUs = step.positionUs! - leftUs;
  return distanceUs > 0n
    ? [`forward skip ${formatSeconds(distanceUs)}`]
    : [`backward skip ${formatSeconds(-distanceUs)}`];
}
