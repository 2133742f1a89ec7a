import { closeSync, openSync, readSync } from 'node:fs';
import { CARRY_BYTES, CARRY_WORDS, type CarryTable, entriesAt, tableBytes, tabulate } from './carry-table.ts';

/** Where a table of carries lies in a file. */
export interface CarryPlace {
  readonly path: string;
  readonly at: number;
  readonly count: number;
}

/** Entries no further apart are read at once, with those between them: about a page. */
const NEAR = 85;

/** Reads tables of carries, whole or in part. Close it whenever its files are not needed for a while. */
export class CarryReader {
  private readonly files = new Map<string, number>();
  /** Fingerprints of the table at hand: fresh memory for each would cost more than reading them. */
  private own = new Uint32Array(0);

  read(place: CarryPlace): CarryTable {
    const memory = new SharedArrayBuffer(tableBytes(place.count));
    this.readBytes(place, 0, new Uint8Array(memory));
    return { memory, count: place.count };
  }

  /**
   * The carries of sessions with some fingerprints, ascending, as the newest tables have them. Another session that
   * shares a fingerprint may be among them.
   */
  find(newestFirst: readonly CarryPlace[], fingerprints: Uint32Array): CarryTable {
    return tabulate(
      newestFirst.map((place) => this.readEntries(place, this.findIn(place, fingerprints))),
      false,
    );
  }

  close(): void {
    for (const fd of this.files.values()) closeSync(fd);
    this.files.clear();
  }

  /** The indexes of the entries that have one of the fingerprints. */
  private findIn(place: CarryPlace, fingerprints: Uint32Array): Uint32Array {
    const { count } = place;
    if (this.own.length < count) this.own = new Uint32Array(count * 2);
    const { own } = this;
    this.readBytes(place, 0, new Uint8Array(own.buffer, 0, count * 4));
    let foundCount = 0;
    let next = 0;
    for (let i = 0; i < count && next < fingerprints.length; i++) {
      const fingerprint = own[i]!;
      while (next < fingerprints.length && fingerprints[next]! < fingerprint) next++;
      // What is found is never more than what was looked at: it takes the place of that.
      if (fingerprints[next] === fingerprint) own[foundCount++] = i;
    }
    return own.subarray(0, foundCount);
  }

  private readEntries(place: CarryPlace, indexes: Uint32Array): Uint32Array {
    const entries = new Uint32Array(indexes.length * CARRY_WORDS);
    for (let first = 0; first < indexes.length; ) {
      let last = first;
      while (last + 1 < indexes.length && indexes[last + 1]! - indexes[last]! <= NEAR) last++;
      const start = indexes[first]!;
      const near = new Uint32Array((indexes[last]! + 1 - start) * CARRY_WORDS);
      this.readBytes(place, entriesAt(place.count) + start * CARRY_BYTES, new Uint8Array(near.buffer));
      for (; first <= last; first++) {
        const from = (indexes[first]! - start) * CARRY_WORDS;
        entries.set(near.subarray(from, from + CARRY_WORDS), first * CARRY_WORDS);
      }
    }
    return entries;
  }

  /** Fills `into` with what lies `offset` bytes behind the beginning of a table. */
  private readBytes(place: CarryPlace, offset: number, into: Uint8Array): void {
    let fd = this.files.get(place.path);
    if (fd === undefined) {
      fd = openSync(place.path, 'r');
      this.files.set(place.path, fd);
    }
    for (let done = 0; done < into.byteLength; ) {
      const read = readSync(fd, into, done, into.byteLength - done, place.at + offset + done);
      if (read === 0) throw new Error(`${place.path}: ends before what the state says lies in it`);
      done += read;
    }
  }
}
