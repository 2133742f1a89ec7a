import type { Config } from '../config/schema.ts';
import { CLASS_NAMES, CLASS_RANKS, type ClassName } from '../source/event-classes.ts';
import { describeEffects } from './effects.ts';
import type { KernelRecord, PairTrace } from './pair-events.ts';
import type { InputRow } from './pair-rows.ts';
import { formatSpan, formatTime } from './units.ts';

/** One input row of the pair and what it did. */
export interface ExplainedEvent {
  readonly timestamp: string | null;
  readonly sessionId: string | null;
  /** From 1 within the session; null for a row that was dropped as invalid. */
  readonly visit: number | null;
  readonly eventName: string | null;
  readonly eventClass: ClassName | null;
  readonly currentTime: number | string | null;
  readonly fromTime: number | string | null;
  /** duplicate, or why the row is invalid; null for an event that was folded. */
  readonly dropped: string | null;
  readonly effects: readonly string[];
}

/** A credited segment: positions in seconds, and when it was watched. */
export interface ExplainedSegment {
  readonly start: number;
  readonly end: number;
  readonly startTimestamp: string;
  readonly endTimestamp: string;
}

const classNames = new Map(CLASS_NAMES.map((name) => [BigInt(CLASS_RANKS[name]), name]));

/**
 * The input rows of the pair up to `lastUs` in the order of time; those without a timestamp come last. `visitCount` is
 * of all rows.
 */
export function timelineOf(
  { steps, dropped }: PairTrace,
  config: Config,
  { lastUs, visitCount }: { readonly lastUs: bigint | null; readonly visitCount: number },
): ExplainedEvent[] {
  const folded = steps.map(({ step, row }, i) => {
    const before = steps[i - 1]?.step;
    return {
      timestampUs: step.word! >> 3n,
      event: {
        ...asSent(row),
        visit: Number(step.visit),
        eventClass: classNames.get(step.word! & 7n) ?? null,
        dropped: step.duplicate ? 'duplicate' : null,
        effects: [...(visitCount === 1 ? [] : describeVisit(step, before)), ...describeEffects(step, config)],
      },
    };
  });
  const invalid = dropped.map(({ row, reason }) => ({
    timestampUs: row.timestampUs === null ? LAST : BigInt(row.timestampUs),
    event: {
      ...asSent(row),
      visit: null,
      eventClass: null,
      dropped: reason,
      effects: [`invalid: ${reason}, dropped`],
    },
  }));
  return [...folded, ...invalid]
    .filter(({ timestampUs }) => lastUs === null || timestampUs <= lastUs)
    .sort((a, b) => (a.timestampUs < b.timestampUs ? -1 : a.timestampUs > b.timestampUs ? 1 : 0))
    .map(({ event }) => event);
}

const LAST = 2n ** 63n;

function asSent(
  row: InputRow,
): Pick<ExplainedEvent, 'timestamp' | 'sessionId' | 'eventName' | 'currentTime' | 'fromTime'> {
  return {
    timestamp: row.timestampUs === null ? null : formatTime(BigInt(row.timestampUs)),
    sessionId: row.sessionId,
    eventName: row.eventName,
    currentTime: row.currentTime,
    fromTime: row.fromTime,
  };
}

/** That an event begins a visit. */
function describeVisit(step: KernelRecord, before: KernelRecord | undefined): string[] {
  if (before?.sessionHash !== step.sessionHash) return ['new session'];
  if (before?.visit === step.visit) return [];
  return [`new visit after ${formatSpan((step.word! >> 3n) - (before!.word! >> 3n))}`];
}

/** The credited segments that end by `lastUs`, in the order in which they were watched. */
export function segmentsOf({ plays }: PairTrace, lastUs: bigint | null): ExplainedSegment[] {
  return plays
    .filter((play) => lastUs === null || play.lastTimestampUs! <= lastUs)
    .toSorted((a, b) => (a.firstTimestampUs! < b.firstTimestampUs! ? -1 : 1))
    .map((play) => ({
      start: Number(play.startUs) / 1e6,
      end: Number(play.endUs) / 1e6,
      startTimestamp: formatTime(play.firstTimestampUs!),
      endTimestamp: formatTime(play.lastTimestampUs!),
    }));
}
