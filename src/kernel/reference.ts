import { CLASS_END, CLASS_PAUSE, CLASS_PLAY, CLASS_PROGRESS, CLASS_RESUME, CLASS_SEEK } from './layout.ts';

/**
 * SPEC.md sections 2 and 3 in plain, slow code: the oracle that the kernel is tested against. Nothing here is
 * used by a run.
 */
export interface ReferenceEvent {
  readonly userId: string;
  readonly videoId: string;
  readonly sessionId: string;
  readonly timestampUs: bigint;
  /** One of the CLASS_ ranks. */
  readonly eventClass: number;
  readonly positionUs: bigint;
  readonly fromUs: bigint | null;
}

export interface FoldThresholds {
  readonly maxSegmentUs: bigint;
  readonly maxPlaybackRate: number;
  readonly toleranceUs: bigint;
  readonly forwardSkipUs: bigint;
  readonly backwardSkipUs: bigint;
  /** 0 = never. */
  readonly sessionTimeoutUs: bigint;
}

export const DEFAULT_THRESHOLDS: FoldThresholds = {
  maxSegmentUs: 14_400_000_000n,
  maxPlaybackRate: 2,
  toleranceUs: 5_000_000n,
  forwardSkipUs: 5_000_000n,
  backwardSkipUs: 2_000_000n,
  sessionTimeoutUs: 1_800_000_000n,
};

/** One folded row: microseconds of video or of wall time, and counts. */
export interface PairRow {
  userId: string;
  videoId: string;
  watchUs: bigint;
  uniqueUs: bigint;
  maxPositionUs: bigint;
  /** The largest end of a credited segment; 0 where there is none. */
  maxCreditedEndUs: bigint;
  /** Sum over visits of last minus first timestamp. */
  sessionDurationUs: bigint;
  firstTimestampUs: bigint;
  lastTimestampUs: bigint;
  sessionCount: number;
  pauseCount: number;
  forwardSkipCount: number;
  backwardSkipCount: number;
  replayCount: number;
  completionCount: number;
  eventCount: number;
  duplicateCount: number;
  segmentCount: number;
  rejectedCount: number;
  unclosedCount: number;
  ranges: [bigint, bigint][];
}

/** SPEC.md's visit: part of a session, with what happened in it. */
export interface VisitRow {
  userId: string;
  videoId: string;
  sessionId: string;
  /** From 1 within the session. */
  visit: number;
  firstTimestampUs: bigint;
  lastTimestampUs: bigint;
  watchUs: bigint;
  uniqueUs: bigint;
  maxPositionUs: bigint;
  pauseCount: number;
  forwardSkipCount: number;
  backwardSkipCount: number;
  replayCount: number;
  completed: number;
  eventCount: number;
  duplicateCount: number;
  segmentCount: number;
  rejectedCount: number;
  unclosedCount: number;
}

/** A credited segment, whole: contiguous pieces of one opener are one. */
export interface PlayRow {
  userId: string;
  videoId: string;
  sessionId: string;
  visit: number;
  startUs: bigint;
  endUs: bigint;
  firstTimestampUs: bigint;
  lastTimestampUs: bigint;
}

/** What a fold can tell beside its rows. */
export interface ReferenceRecords {
  readonly visits: VisitRow[];
  readonly plays: PlayRow[];
}

const compare = <Value extends bigint | number | string>(a: Value, b: Value): number =>
  a < b ? -1 : a > b ? 1 : 0;

/** The order of SPEC.md section 2: timestamp, class, position, fromTime with null first. */
function compareEvents(a: ReferenceEvent, b: ReferenceEvent): number {
  return (
    compare(a.timestampUs, b.timestampUs) ||
    compare(a.eventClass, b.eventClass) ||
    compare(a.positionUs, b.positionUs) ||
    compare(a.fromUs ?? -1n, b.fromUs ?? -1n)
  );
}

/** The union of segments: ascending ranges that neither overlap nor touch. */
export function uniteRanges(segments: readonly (readonly [bigint, bigint])[]): [bigint, bigint][] {
  const ranges: [bigint, bigint][] = [];
  for (const [start, end] of [...segments].sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))) {
    const last = ranges.at(-1);
    if (last === undefined || start > last[1]) ranges.push([start, end]);
    else if (end > last[1]) last[1] = end;
  }
  return ranges;
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** Folds events, in any order, to one row for each user and video, in the order of (userId, videoId). */
export function foldReference(events: readonly ReferenceEvent[], thresholds: FoldThresholds): PairRow[] {
  return groupBy(events, (event) => JSON.stringify([event.userId, event.videoId]))
    .map((pair) => foldPair(pair, thresholds))
    .sort((a, b) => compare(a.userId, b.userId) || compare(a.videoId, b.videoId));
}

/** Visits and credited segments, in the order of user, video, session and time. */
export function recordReference(
  events: readonly ReferenceEvent[],
  thresholds: FoldThresholds,
): ReferenceRecords {
  const byKey = <Row extends VisitRow | PlayRow>(a: Row, b: Row): number =>
    compare(a.userId, b.userId) || compare(a.videoId, b.videoId) || compare(a.sessionId, b.sessionId);
  const folds = groupBy(events, (event) => JSON.stringify([event.userId, event.videoId])).map((pair) =>
    foldEvents(pair, thresholds),
  );
  return {
    visits: folds.flatMap((fold) => fold.visits).sort(byKey),
    plays: folds.flatMap((fold) => fold.plays).sort(byKey),
  };
}

function foldPair(events: readonly ReferenceEvent[], thresholds: FoldThresholds): PairRow {
  const fold = foldEvents(events, thresholds);
  fold.row.ranges = uniteRanges(fold.segments);
  fold.row.uniqueUs = fold.row.ranges.reduce((sum, [start, end]) => sum + end - start, 0n);
  return fold.row;
}

function foldEvents(events: readonly ReferenceEvent[], thresholds: FoldThresholds): PairFold {
  const fold = new PairFold(events[0]!, thresholds);
  for (const session of groupBy(events, (event) => event.sessionId)) {
    const sorted = [...session].sort(compareEvents);
    const kept = sorted.filter((event, i) => i === 0 || compareEvents(sorted[i - 1]!, event) !== 0);
    fold.row.duplicateCount += sorted.length - kept.length;
    fold.foldSession(kept, sorted);
  }
  return fold;
}

interface Opener {
  readonly positionUs: bigint;
  readonly timestampUs: bigint;
}

class PairFold {
  readonly segments: [bigint, bigint][] = [];
  readonly visits: VisitRow[] = [];
  readonly plays: PlayRow[] = [];
  readonly row: PairRow;
  private readonly thresholds: FoldThresholds;
  // SPEC.md's state of a visit.
  private open: Opener | null = null;
  private closedAt: bigint | null = null;
  private lastWasEnd = false;
  /** Whether a credited piece of the opener at hand came last: the next one belongs to the same segment. */
  private segmentGrows = false;

  constructor(first: ReferenceEvent, thresholds: FoldThresholds) {
    this.thresholds = thresholds;
    this.row = {
      userId: first.userId,
      videoId: first.videoId,
      watchUs: 0n,
      uniqueUs: 0n,
      maxPositionUs: 0n,
      maxCreditedEndUs: 0n,
      sessionDurationUs: 0n,
      firstTimestampUs: first.timestampUs,
      lastTimestampUs: first.timestampUs,
      sessionCount: 0,
      pauseCount: 0,
      forwardSkipCount: 0,
      backwardSkipCount: 0,
      replayCount: 0,
      completionCount: 0,
      eventCount: 0,
      duplicateCount: 0,
      segmentCount: 0,
      rejectedCount: 0,
      unclosedCount: 0,
      ranges: [],
    };
  }

  /**
   * Events in order and without duplicates, then with them: first split into visits, then folded one by one.
   */
  foldSession(events: readonly ReferenceEvent[], withDuplicates: readonly ReferenceEvent[]): void {
    let visit: ReferenceEvent[] = [];
    let visitNumber = 1;
    let before = { ...this.row };
    let segmentsBefore = this.segments.length;
    const endVisit = (): void => {
      if (this.open !== null) this.row.unclosedCount++;
      if (visit.some((event) => event.eventClass === CLASS_END)) this.row.completionCount++;
      this.row.sessionDurationUs += visit.at(-1)!.timestampUs - visit[0]!.timestampUs;
      this.row.sessionCount++;
      const copies = withDuplicates.filter((event) => visit.some((one) => compareEvents(one, event) === 0));
      this.visits.push({
        ...this.visitRow(visit, before, this.segments.slice(segmentsBefore)),
        visit: visitNumber,
        duplicateCount: copies.length - visit.length,
      });
      for (const play of this.plays) play.visit ||= visitNumber;
      visitNumber++;
      before = { ...this.row };
      segmentsBefore = this.segments.length;
      this.open = null;
      this.closedAt = null;
      this.lastWasEnd = false;
      visit = [];
    };
    for (const event of events) {
      const previous = visit.at(-1);
      if (previous !== undefined && this.isNewVisit(previous, event)) endVisit();
      visit.push(event);
      this.apply(event);
      this.count(event);
    }
    endVisit();
  }

  /** What the row gained since `before`. */
  private visitRow(
    visit: readonly ReferenceEvent[],
    before: PairRow,
    segments: readonly [bigint, bigint][],
  ): Omit<VisitRow, 'visit' | 'duplicateCount'> {
    const { row } = this;
    const positions = visit.map((event) => event.positionUs).sort(compare);
    return {
      userId: row.userId,
      videoId: row.videoId,
      sessionId: visit[0]!.sessionId,
      firstTimestampUs: visit[0]!.timestampUs,
      lastTimestampUs: visit.at(-1)!.timestampUs,
      watchUs: row.watchUs - before.watchUs,
      uniqueUs: uniteRanges(segments).reduce((sum, [start, end]) => sum + end - start, 0n),
      maxPositionUs: positions.at(-1)!,
      pauseCount: row.pauseCount - before.pauseCount,
      forwardSkipCount: row.forwardSkipCount - before.forwardSkipCount,
      backwardSkipCount: row.backwardSkipCount - before.backwardSkipCount,
      replayCount: row.replayCount - before.replayCount,
      completed: row.completionCount - before.completionCount,
      eventCount: row.eventCount - before.eventCount,
      segmentCount: row.segmentCount - before.segmentCount,
      rejectedCount: row.rejectedCount - before.rejectedCount,
      unclosedCount: row.unclosedCount - before.unclosedCount,
    };
  }

  private isNewVisit(previous: ReferenceEvent, event: ReferenceEvent): boolean {
    const { sessionTimeoutUs } = this.thresholds;
    if (sessionTimeoutUs === 0n || event.timestampUs - previous.timestampUs <= sessionTimeoutUs) return false;
    const end = this.candidateEnd(event);
    return !(end !== null && this.open !== null && this.isCredited(this.open, end, event.timestampUs));
  }

  /** Where the candidate segment ends that this event would close; null where it closes none. */
  private candidateEnd(event: ReferenceEvent): bigint | null {
    if (event.eventClass === CLASS_SEEK) return event.fromUs;
    return [CLASS_PAUSE, CLASS_END, CLASS_PROGRESS].includes(event.eventClass) ? event.positionUs : null;
  }

  private count(event: ReferenceEvent): void {
    this.row.eventCount++;
    if (event.positionUs > this.row.maxPositionUs) this.row.maxPositionUs = event.positionUs;
    if (event.timestampUs < this.row.firstTimestampUs) this.row.firstTimestampUs = event.timestampUs;
    if (event.timestampUs > this.row.lastTimestampUs) this.row.lastTimestampUs = event.timestampUs;
  }

  private isCredited(open: Opener, end: bigint, timestampUs: bigint): boolean {
    const lengthUs = end - open.positionUs;
    const { maxSegmentUs, maxPlaybackRate, toleranceUs } = this.thresholds;
    const ratePerMille = BigInt(Math.round(maxPlaybackRate * 1000));
    const wallUs = timestampUs - open.timestampUs;
    return (
      lengthUs > 0n && lengthUs <= maxSegmentUs && (lengthUs - toleranceUs) * 1000n <= wallUs * ratePerMille
    );
  }

  private closeSegment(open: Opener, end: bigint, { sessionId, timestampUs }: ReferenceEvent): void {
    if (end === open.positionUs) return;
    if (!this.isCredited(open, end, timestampUs)) {
      this.row.rejectedCount++;
      this.segmentGrows = false;
      return;
    }
    this.row.watchUs += end - open.positionUs;
    this.segments.push([open.positionUs, end]);
    if (end > this.row.maxCreditedEndUs) this.row.maxCreditedEndUs = end;
    if (this.segmentGrows) {
      const grown = this.plays.at(-1)!;
      grown.endUs = end;
      grown.lastTimestampUs = timestampUs;
      return;
    }
    this.segmentGrows = true;
    this.row.segmentCount++;
    this.plays.push({
      userId: this.row.userId,
      videoId: this.row.videoId,
      sessionId,
      visit: 0, // known when the visit ends
      startUs: open.positionUs,
      endUs: end,
      firstTimestampUs: open.timestampUs,
      lastTimestampUs: timestampUs,
    });
  }

  private testSkip(distanceUs: bigint): void {
    if (distanceUs > this.thresholds.forwardSkipUs) this.row.forwardSkipCount++;
    else if (distanceUs < -this.thresholds.backwardSkipUs) this.row.backwardSkipCount++;
  }

  private apply(event: ReferenceEvent): void {
    const { eventClass, fromUs } = event;
    if (eventClass === CLASS_PLAY || eventClass === CLASS_RESUME) this.applyOpener(event);
    else if (eventClass === CLASS_PROGRESS) this.applyProgress(event);
    else if (eventClass === CLASS_PAUSE || eventClass === CLASS_END) this.applyCloser(event);
    else if (fromUs === null) this.applySeek(event);
    else this.applySeekFrom(event, fromUs);
  }

  private startOpener({ positionUs, timestampUs }: ReferenceEvent): void {
    this.open = { positionUs, timestampUs };
    this.segmentGrows = false;
  }

  private applyOpener(event: ReferenceEvent): void {
    if (this.open !== null) this.row.unclosedCount++;
    else if (this.closedAt !== null && !this.lastWasEnd) this.testSkip(event.positionUs - this.closedAt);
    else if (this.lastWasEnd) this.row.replayCount++;
    this.startOpener(event);
  }

  private applyProgress(event: ReferenceEvent): void {
    if (this.open === null) return;
    const { positionUs, timestampUs } = event;
    this.closeSegment(this.open, positionUs, event);
    this.open = { positionUs, timestampUs };
  }

  private applyCloser(event: ReferenceEvent): void {
    const { eventClass, positionUs } = event;
    if (this.open !== null) this.closeSegment(this.open, positionUs, event);
    this.open = null;
    this.closedAt = positionUs;
    this.lastWasEnd = eventClass === CLASS_END;
    if (eventClass === CLASS_PAUSE) this.row.pauseCount++;
  }

  private applySeekFrom(event: ReferenceEvent, fromUs: bigint): void {
    if (this.open !== null) {
      this.closeSegment(this.open, fromUs, event);
      this.startOpener(event);
    } else {
      this.closedAt = event.positionUs;
      this.lastWasEnd = false;
    }
    this.testSkip(event.positionUs - fromUs);
  }

  private applySeek(event: ReferenceEvent): void {
    if (this.open !== null) {
      this.row.unclosedCount++;
      this.startOpener(event);
      return;
    }
    if (this.closedAt !== null && !this.lastWasEnd) this.testSkip(event.positionUs - this.closedAt);
    this.closedAt = event.positionUs;
    this.lastWasEnd = false;
  }
}
