import type { ReferenceEvent } from '../src/kernel/reference.ts';
import type { SampleEvent } from '../src/sample/scenarios.ts';
import { CLASS_NAMES, CLASS_RANKS, DEFAULT_EVENT_NAMES } from '../src/source/event-classes.ts';

export interface ReferenceInput {
  readonly events: ReferenceEvent[];
  readonly invalid: Record<string, number>;
  readonly unknownEventNames: Record<string, number>;
}

/** Microseconds of video, or null for what SPEC.md section 1 refuses. */
function toPositionUs(seconds: number | null): bigint | null {
  if (seconds === null || !(seconds >= 0) || seconds > 1e7) return null;
  return BigInt(Math.round(seconds * 1e6));
}

function classOf(eventName: string | null): number | undefined {
  const name = (eventName ?? '').trim().toLowerCase();
  const className = CLASS_NAMES.find((candidate) => DEFAULT_EVENT_NAMES[candidate].includes(name));
  return className === undefined ? undefined : CLASS_RANKS[className];
}

/** SPEC.md section 1 in plain code: rows to events, and a reason for each row that is none. */
export function readReference(rows: readonly SampleEvent[]): ReferenceInput {
  const input: ReferenceInput = { events: [], invalid: {}, unknownEventNames: {} };
  for (const row of rows) {
    const eventClass = classOf(row.eventName);
    const positionUs = toPositionUs(row.currentTime);
    const reason = !row.timestamp
      ? 'missing_timestamp'
      : !row.userId
        ? 'missing_user'
        : !row.sessionId
          ? 'missing_session'
          : !row.videoId
            ? 'missing_video'
            : eventClass === undefined
              ? 'unknown_event'
              : positionUs === null
                ? 'bad_position'
                : null;
    if (reason !== null) {
      input.invalid[reason] = (input.invalid[reason] ?? 0) + 1;
      if (reason === 'unknown_event') {
        const name = row.eventName ?? '(null)';
        input.unknownEventNames[name] = (input.unknownEventNames[name] ?? 0) + 1;
      }
      continue;
    }
    input.events.push({
      userId: row.userId!,
      videoId: row.videoId!,
      sessionId: row.sessionId!,
      timestampUs: BigInt(Date.parse(row.timestamp!)) * 1000n,
      eventClass: eventClass!,
      positionUs: positionUs!,
      fromUs: toPositionUs(row.fromTime),
    });
  }
  return input;
}
