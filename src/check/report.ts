import type { ClassName } from '../source/event-classes.ts';

/** What a column is read from, and why. */
export interface ReportedMatch {
  readonly column: string;
  readonly paths: readonly string[];
  readonly types: readonly string[];
  readonly why: string;
}

/** Files that are read alike. */
export interface ReportedLayout {
  readonly files: number;
  readonly firstFile: string;
  readonly format: string;
  readonly dialect: string;
  readonly matches: readonly ReportedMatch[];
  /** Columns of SPEC.md section 1 that these files do not have: only fromTime may be missing. */
  readonly missing: readonly string[];
}

/** An invalid row: where it was read, and the values as they stand there. */
export interface SampleRow {
  readonly where: string;
  readonly values: Readonly<Record<string, string | null>>;
}

/** A line that could not be read: its row as --quarantine counts it, and the beginning of its text. */
export interface SampleLine {
  readonly where: string;
  readonly row: number;
  readonly text: string;
}

/** Sessions: rows of one user, video and session id. */
export interface SessionReport {
  /** Of the users, one in so many was looked at, with all rows; 1 means every row. */
  readonly oneUserIn: number;
  readonly rows: number;
  readonly sessions: number;
  /** Exact repetitions, which a run drops. */
  readonly duplicates: number;
  /** Rows whose time is before that of the row in front of them in the same session: a run sorts them. */
  readonly outOfOrder: number;
  /** Sessions with neither play nor resume: nothing is credited. */
  readonly withoutOpener: number;
  /** Sessions whose last play or resume is followed by no pause, end or progress: what came after it is lost. */
  readonly withoutClose: number;
}

/** What `playfold check` finds. Counts of rows are those that `run` would report. */
export interface CheckReport {
  readonly files: number;
  readonly bytes: number;
  readonly emptyFiles: number;
  readonly layouts: readonly ReportedLayout[];
  readonly read: number;
  readonly kept: number;
  readonly invalid: number;
  readonly invalidByReason: Readonly<Record<string, number>>;
  /** The most frequent names; the rest is counted as `(other)`. */
  readonly unknownEventNames: Readonly<Record<string, number>>;
  /** Rows of unknown_event whose name the dialect knows as none of watching. */
  readonly otherEventRows: number;
  readonly events: readonly {
    readonly name: string;
    readonly eventClass: ClassName;
    readonly rows: number;
  }[];
  /** Of the kept rows; ISO-8601. */
  readonly firstTimestamp: string | null;
  readonly lastTimestamp: string | null;
  readonly maxPositionSeconds: number | null;
  /** The first three rows of each reason. */
  readonly samples: Readonly<Record<string, readonly (SampleRow | SampleLine)[]>>;
  readonly sessions: SessionReport;
  readonly videos: {
    readonly file: string;
    readonly matches: readonly ReportedMatch[];
    readonly videos: number;
    readonly withDuration: number;
    /** Kept rows whose video has a duration in the metadata. */
    readonly rowsWithDuration: number;
  } | null;
  /** What would make a run give little, and what to do about it. */
  readonly advice: readonly string[];
}
