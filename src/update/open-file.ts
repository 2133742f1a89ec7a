import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Piece } from '../exchange/exchange.ts';
import type { OpenFragments } from '../fold/horizon-split.ts';
import { EVENT_FROM_BYTES, FRAGMENT_BYTES } from '../kernel/layout.ts';
import { type OpenPlace, STATE_FOLDER, type State } from './state.ts';

/** Writes open fragments, partition by partition as their folds end. */
export class OpenFile {
  readonly file: string;
  private readonly fd: number;
  private readonly places = new Map<number, OpenPlace[]>();
  private at = 0;

  /** Makes the file in the state's folder, which is made, of a folder that is filled. */
  constructor(folder: string, stamp: string) {
    this.file = `open-${stamp}.bin`;
    mkdirSync(join(folder, STATE_FOLDER), { recursive: true });
    this.fd = openSync(join(folder, STATE_FOLDER, this.file), 'wx');
  }

  /** Writes all of one partition; what was written of it before is forgotten. */
  put(partition: number, fragments: readonly OpenFragments[]): void {
    const places: OpenPlace[] = [];
    for (const { memory, fragmentCount, eventCount } of fragments) {
      if (fragmentCount === 0) continue;
      places.push({ partition, at: this.at, fragmentCount, eventCount });
      const bytes = new Uint8Array(memory);
      for (let done = 0; done < bytes.byteLength; ) done += writeSync(this.fd, bytes, done);
      this.at += bytes.byteLength;
    }
    this.places.set(partition, places);
  }

  /** Ends the file. */
  close(): State['open'] {
    closeSync(this.fd);
    const places = [...this.places.values()].flat();
    return { file: this.file, places: places.sort((a, b) => a.partition - b.partition) };
  }
}

/** The open fragments of a published state, by partition. */
export function openPieces(published: string | null, state: State | null): Map<number, Piece[]> {
  const pieces = new Map<number, Piece[]>();
  if (published === null || state === null) return pieces;
  const path = join(published, STATE_FOLDER, state.open.file);
  for (const { partition, at, fragmentCount, eventCount } of state.open.places) {
    const eventsAt = at + fragmentCount * FRAGMENT_BYTES;
    const bins = { fragmentOffsetsAt: 0, eventOffsetsAt: 0 };
    const piece = {
      memory: null,
      path,
      fragmentsAt: at,
      fragmentCount,
      eventsAt,
      eventCount,
      ...bins,
      scale: null,
    };
    pieces.set(partition, [...(pieces.get(partition) ?? []), piece]);
  }
  return pieces;
}

/** The width of the events in an open file: fromTime has its place whether an input has the column or not. */
export const OPEN_EVENT_BYTES = EVENT_FROM_BYTES;
