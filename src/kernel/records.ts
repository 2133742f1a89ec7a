import {
  FOLD_PLAY_COLUMNS,
  FOLD_PLAYS,
  FOLD_REPLAY_COLUMNS,
  FOLD_REPLAYS,
  FOLD_STEP_COLUMNS,
  FOLD_STEPS,
  FOLD_VISIT_COLUMNS,
  FOLD_VISITS,
  PLAY_WIDE_COLUMNS,
  REPLAY_WIDE_COLUMNS,
  STEP_WIDE_COLUMNS,
  VISIT_WIDE_COLUMNS,
} from './layout.ts';

/**
 * What a fold can tell beside its rows: visits, plays (credited segments), replays (pieces of video seen more than
 * once) and steps (what each event did). Positions and times are microseconds.
 */
export type RecordName = 'visits' | 'plays' | 'replays' | 'steps';

export interface RecordLayout {
  readonly countSlot: number;
  readonly columnsSlot: number;
  /** In the kernel's order; names that end in Hash are unsigned. */
  readonly columns: readonly string[];
  /** How many of them, the first ones, have 8 bytes; the others have 4. */
  readonly wideColumns: number;
  /** At most so many records come of one event. */
  readonly recordsAnEvent: number;
}

export const RECORDS: Readonly<Record<RecordName, RecordLayout>> = {
  visits: {
    countSlot: FOLD_VISITS,
    columnsSlot: FOLD_VISIT_COLUMNS,
    columns: [
      'userHash',
      'videoHash',
      'sessionHash',
      'firstTimestampUs',
      'lastTimestampUs',
      'watchUs',
      'uniqueUs',
      'maxPositionUs',
      'visit',
      'pauseCount',
      'forwardSkipCount',
      'backwardSkipCount',
      'replayCount',
      'completed',
      'eventCount',
      'duplicateCount',
      'segmentCount',
      'rejectedCount',
      'unclosedCount',
    ],
    wideColumns: VISIT_WIDE_COLUMNS,
    recordsAnEvent: 1,
  },
  plays: {
    countSlot: FOLD_PLAYS,
    columnsSlot: FOLD_PLAY_COLUMNS,
    columns: [
      'userHash',
      'videoHash',
      'sessionHash',
      'startUs',
      'endUs',
      'firstTimestampUs',
      'lastTimestampUs',
      'visit',
    ],
    wideColumns: PLAY_WIDE_COLUMNS,
    recordsAnEvent: 1,
  },
  replays: {
    countSlot: FOLD_REPLAYS,
    columnsSlot: FOLD_REPLAY_COLUMNS,
    columns: ['videoHash', 'startUs', 'endUs', 'row', 'times'],
    wideColumns: REPLAY_WIDE_COLUMNS,
    recordsAnEvent: 2,
  },
  steps: {
    countSlot: FOLD_STEPS,
    columnsSlot: FOLD_STEP_COLUMNS,
    columns: [
      'userHash',
      'videoHash',
      'sessionHash',
      'word',
      'positionUs',
      'fromUs',
      'openUs',
      'openTimestampUs',
      'closedUs',
      'creditedUs',
      'visit',
      'duplicate',
      'rejected',
      'unclosed',
      'forwardSkips',
      'backwardSkips',
      'replays',
      'leftOpen',
    ],
    wideColumns: STEP_WIDE_COLUMNS,
    recordsAnEvent: 1,
  },
};

export const isHash = (column: string): boolean => column.endsWith('Hash');

/** Bytes that recording takes of a fold's memory, an event. */
export function recordBytesAnEvent(names: readonly RecordName[]): number {
  return names.reduce(
    (sum, name) => {
      const { columns, wideColumns, recordsAnEvent } = RECORDS[name];
      return sum + (columns.length + wideColumns) * 4 * recordsAnEvent;
    },
    names.length === 0 ? 0 : RECORD_SCRATCH_BYTES,
  );
}

/** Of an event: two segments' places. */
export const RECORD_SCRATCH_BYTES = 32;

/** Records of one kind, column by column: BigUint64Array, BigInt64Array or Int32Array. */
export interface RecordRows {
  readonly rowCount: number;
  readonly columns: readonly (BigUint64Array | BigInt64Array | Int32Array)[];
}
