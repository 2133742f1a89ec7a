import {
  FOLD_BUCKET_VIEW_COLUMNS,
  FOLD_BUCKET_VIEWS,
  FOLD_PLAY_COLUMNS,
  FOLD_PLAYS,
  FOLD_POSITION_VIEW_COLUMNS,
  FOLD_POSITION_VIEWS,
  FOLD_STEP_COLUMNS,
  FOLD_STEPS,
  FOLD_VISIT_COLUMNS,
  FOLD_VISITS,
  PLAY_WIDE_COLUMNS,
  STEP_WIDE_COLUMNS,
  VISIT_WIDE_COLUMNS,
} from './layout.ts';

/**
 * What a fold can tell beside its rows: visits, plays (credited segments), steps (what each event did), and how often
 * each part of a video was seen, by bucket where the video is among FoldSize's and by position where it is not.
 * Positions and times are microseconds.
 */
export type RecordName = 'visits' | 'plays' | 'bucketViews' | 'positionViews' | 'steps';

export interface RecordLayout {
  readonly countSlot: number;
  readonly columnsSlot: number;
  /** In the kernel's order; names that end in Hash are unsigned. */
  readonly columns: readonly string[];
  /** How many of them, the first ones, have 8 bytes; the others have 4. */
  readonly wideColumns: number;
  /** At most so many records come of one event. */
  readonly recordsAnEvent: number;
  /** Bytes an event of the largest bin that recording them needs. */
  readonly scratchBytesAnEvent: number;
}

/** Of an event: two segments' places. */
const SEGMENT_SCRATCH_BYTES = 32;
/** n segments come of n + 1 events or more, and have 2n borders: as many steps, of two words at most, and the video. */
const WORDS_AN_EVENT = 4;

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
    scratchBytesAnEvent: SEGMENT_SCRATCH_BYTES,
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
    scratchBytesAnEvent: SEGMENT_SCRATCH_BYTES,
  },
  bucketViews: {
    countSlot: FOLD_BUCKET_VIEWS,
    columnsSlot: FOLD_BUCKET_VIEW_COLUMNS,
    columns: ['word'],
    wideColumns: 0,
    recordsAnEvent: WORDS_AN_EVENT,
    scratchBytesAnEvent: 0,
  },
  positionViews: {
    countSlot: FOLD_POSITION_VIEWS,
    columnsSlot: FOLD_POSITION_VIEW_COLUMNS,
    columns: ['word'],
    wideColumns: 1,
    recordsAnEvent: WORDS_AN_EVENT,
    scratchBytesAnEvent: 0,
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
    scratchBytesAnEvent: SEGMENT_SCRATCH_BYTES,
  },
};

export const isHash = (column: string): boolean => column.endsWith('Hash');

/** Bytes that recording takes of a fold's memory, an event. */
export function recordBytesAnEvent(names: readonly RecordName[]): number {
  return names.reduce((sum, name) => {
    const { columns, wideColumns, recordsAnEvent } = RECORDS[name];
    return sum + (columns.length + wideColumns) * 4 * recordsAnEvent;
  }, scratchBytesAnEvent(names));
}

/** Bytes an event of the largest bin that recording needs. */
export function scratchBytesAnEvent(names: readonly RecordName[]): number {
  return Math.max(0, ...names.map((name) => RECORDS[name].scratchBytesAnEvent));
}

/** Records of one kind, column by column: BigUint64Array, BigInt64Array or Int32Array. */
export interface RecordRows {
  readonly rowCount: number;
  readonly columns: readonly (BigUint64Array | BigInt64Array | Int32Array)[];
}
