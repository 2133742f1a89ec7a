import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type CarryPlace, CarryReader } from '../fold/carry-reader.ts';
import { type CarryTable, uniteCarries } from '../fold/carry-table.ts';
import type { CarryGrowth } from '../run-options.ts';
import { linkFile } from './result-places.ts';
import { type CarryFile, STATE_FOLDER, type State } from './state.ts';

/** Each file is more than twice as large as all newer ones; small calls leave no file of their own. */
const GROWTH: CarryGrowth = { factor: 2, least: 65_536 };

/** The carries of a staged state. */
export interface KeptCarries {
  readonly files: State['carries'];
  /** Paths of those that are links, in the staged folder. */
  readonly linked: readonly string[];
}

/** Writes tables of carries, one a partition. The file is made with the first of them. */
class CarryWriter {
  private readonly path: string;
  private readonly file: string;
  private readonly places = new Map<number, CarryFile['places'][number]>();
  private fd: number | null = null;
  private at = 0;

  constructor(folder: string, file: string) {
    this.path = join(folder, file);
    this.file = file;
  }

  /** Writes all of one partition; what was written of it before is forgotten. */
  put(partition: number, { memory, count }: CarryTable): void {
    this.places.delete(partition);
    if (count === 0) return;
    this.fd ??= openSync(this.path, 'wx');
    this.places.set(partition, { partition, at: this.at, count });
    const bytes = new Uint8Array(memory);
    for (let done = 0; done < bytes.byteLength; ) done += writeSync(this.fd, bytes, done);
    this.at += bytes.byteLength;
  }

  /** Ends the file; null where nothing is in it. */
  close(): CarryFile | null {
    if (this.fd !== null) closeSync(this.fd);
    const places = [...this.places.values()].sort((a, b) => a.partition - b.partition);
    if (places.length === 0) {
      this.remove();
      return null;
    }
    const count = places.reduce((sum, place) => sum + place.count, 0);
    return { file: this.file, count, places };
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}

/**
 * What silent sessions left behind, in files that stay as they are from call to call: each call adds one with what
 * is new, which supersedes what older files say of a session. A file is united with the newer ones once it is at
 * most twice as large as these together, so that there are few files and a carry is seldom written again.
 */
export class CarryFiles {
  private readonly folder: string;
  private readonly stamp: string;
  private readonly publishedFolder: string;
  private readonly earlier: State['carries'];
  private readonly growth: CarryGrowth;
  private readonly published: PlacesByPartition;
  private readonly added: CarryWriter;

  /** Adds to the files of a published state, if any, in the state's folder of a folder that is filled. */
  constructor(
    folder: string,
    stamp: string,
    published: string | null,
    earlier: State['carries'],
    growth = GROWTH,
  ) {
    this.folder = join(folder, STATE_FOLDER);
    this.stamp = stamp;
    this.publishedFolder = join(published ?? '', STATE_FOLDER);
    this.earlier = earlier;
    this.growth = growth;
    this.published = placesByPartition(this.publishedFolder, earlier);
    mkdirSync(this.folder, { recursive: true });
    this.added = new CarryWriter(this.folder, `carries-${stamp}.bin`);
  }

  /** Where the published carries of a partition lie, the newest first. */
  placesOf(partition: number): readonly CarryPlace[] {
    return this.published.get(partition) ?? [];
  }

  /** Adds all of one partition; what was added to it before is forgotten. */
  put(partition: number, table: CarryTable): void {
    this.added.put(partition, table);
  }

  /** Links the files that stay, and unites what became too many. */
  async close(): Promise<KeptCarries> {
    const added = this.added.close();
    const stay = added === null ? this.earlier.length : this.countStaying(added.count);
    const kept = this.earlier.slice(0, stay);
    for (const { file } of kept) await linkFile(join(this.publishedFolder, file), join(this.folder, file));
    const newest =
      stay === this.earlier.length ? added : this.unite(this.earlier.slice(stay), added!, stay > 0);
    return {
      files: newest === null ? kept : [...kept, newest],
      linked: kept.map(({ file }) => `${STATE_FOLDER}/${file}`),
    };
  }

  /** How many of the files are not united with a new one of `count` carries. */
  private countStaying(count: number): number {
    const { factor, least } = this.growth;
    let stay = this.earlier.length;
    for (let newer = count; stay > 0; stay--) {
      const older = this.earlier[stay - 1]!.count;
      if (older > factor * Math.max(newer, least)) break;
      newer += older;
    }
    return stay;
  }

  /** One file of some, partition by partition. */
  private unite(earlier: State['carries'], added: CarryFile, keepTombstones: boolean): CarryFile | null {
    const united = new CarryWriter(this.folder, `carries-${this.stamp}-united.bin`);
    const reader = new CarryReader();
    const older = placesByPartition(this.publishedFolder, earlier);
    const newest = placesByPartition(this.folder, [added]);
    try {
      for (const partition of new Set([...older.keys(), ...newest.keys()])) {
        const places = [...(newest.get(partition) ?? []), ...(older.get(partition) ?? [])];
        const tables = places.map((place) => reader.read(place));
        united.put(partition, uniteCarries(tables, keepTombstones));
      }
    } finally {
      reader.close();
    }
    this.added.remove();
    return united.close();
  }
}

type PlacesByPartition = ReadonlyMap<number, readonly CarryPlace[]>;

/** The tables of each partition, the newest first. */
function placesByPartition(folder: string, oldestFirst: State['carries']): PlacesByPartition {
  const byPartition = new Map<number, CarryPlace[]>();
  for (const { file, places } of oldestFirst.toReversed())
    for (const { partition, at, count } of places) {
      const tables = byPartition.get(partition) ?? [];
      tables.push({ path: join(folder, file), at, count });
      byPartition.set(partition, tables);
    }
  return byPartition;
}
