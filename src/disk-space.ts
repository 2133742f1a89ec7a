import { stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import bytes from 'bytes';
import { DiskFullError, type PlayfoldError, translateDiskError } from './errors.ts';
import type { ResolvedOptions } from './run-options.ts';

/** What a run is about to write into one folder. */
export interface SpaceNeed {
  /** Exists; its disk is asked. */
  readonly folder: string;
  /** For messages: what a user knows the folder by. */
  readonly name: string;
  /** An estimate on the low side: 0 where nothing is known. */
  readonly byteLength: number;
  /** What the bytes are, and how to put them elsewhere. */
  readonly purpose: string;
  readonly remedy: string;
}

/** Bytes an event takes in spilled batches, and in a result of some 30 events a row. */
const SPILL_BYTES_AN_EVENT = 8;
const RESULT_BYTES_AN_EVENT = 2;
/** The least that is asked for when a disk was full although the estimate was met. */
const MORE_BYTES = 1e6;

/**
 * What a run of so many events needs at least, beside the batches that memory holds. With a time window nothing is
 * known: it may let few rows through.
 */
export function estimateNeeds(
  { out, sinceUs, untilUs }: Pick<ResolvedOptions, 'out' | 'sinceUs' | 'untilUs'>,
  { tempFolder, folder }: { readonly tempFolder: string; readonly folder: string },
  rowEstimate = 0,
  heldLimitBytes = 0,
): SpaceNeed[] {
  const eventCount = sinceUs === null && untilUs === null ? rowEstimate : 0;
  return [
    {
      folder: tempFolder,
      name: tmpdir(),
      byteLength: Math.max(0, eventCount * SPILL_BYTES_AN_EVENT - heldLimitBytes),
      purpose: 'intermediate data',
      remedy: 'set TMPDIR to a larger disk',
    },
    {
      folder,
      name: out,
      byteLength: eventCount * RESULT_BYTES_AN_EVENT,
      purpose: 'the result',
      remedy: 'name an --out on a larger disk',
    },
  ];
}

/** A quarantine's need: how many rows are invalid is not known before they are read. */
export function quarantineNeed(folder: string, name: string): SpaceNeed {
  const remedy = 'name a --quarantine on a larger disk';
  return { folder, name, byteLength: 0, purpose: 'the invalid rows', remedy };
}

/** Throws a PlayfoldError (disk) that names the folder and the bytes missing, where the estimate does not fit. */
export async function requireSpace(needs: readonly SpaceNeed[]): Promise<void> {
  for (const need of needs) {
    const { device, freeBytes } = await diskOf(need.folder);
    let wanted = 0;
    for (const other of needs) {
      const isSame = other === need || (await diskOf(other.folder)).device === device;
      if (isSame) wanted += other.byteLength;
    }
    if (wanted > freeBytes) throw fullDisk(need, freeBytes, wanted - freeBytes);
  }
}

/**
 * An error as it is, unless it speaks of a disk: of a full one it then says which, the one named or else the
 * fullest, and how many bytes are missing.
 */
export async function describeDiskError(thrown: unknown, needs: readonly SpaceNeed[]): Promise<unknown> {
  const error = translateDiskError(thrown);
  if (!(error instanceof DiskFullError)) return error;
  const named = needs.find(({ folder }) => error.folder?.startsWith(folder));
  const disks = await Promise.all(needs.map(async (need) => ({ need, ...(await diskOf(need.folder)) })));
  const fullest = disks.toSorted((a, b) => a.freeBytes - b.freeBytes)[0];
  const found = named === undefined ? fullest : disks.find(({ need }) => need === named);
  if (found === undefined) return error;
  const missing = Math.max(MORE_BYTES, found.need.byteLength - found.freeBytes);
  return fullDisk(found.need, found.freeBytes, missing);
}

async function diskOf(folder: string): Promise<{ readonly device: number; readonly freeBytes: number }> {
  const { dev } = await stat(folder);
  // A disk that does not say is not held to an estimate.
  const space = await statfs(folder).catch(() => null);
  const saysSo = space !== null && space.blocks > 0;
  return { device: dev, freeBytes: saysSo ? space.bavail * space.bsize : Number.POSITIVE_INFINITY };
}

function fullDisk(
  { name, purpose, remedy }: SpaceNeed,
  freeBytes: number,
  missingBytes: number,
): PlayfoldError {
  const format = (byteLength: number): string => `${bytes.format(byteLength, { unitSeparator: ' ' })}`;
  return new DiskFullError(
    `${name}: the disk is full: ${format(freeBytes)} free, about ${format(missingBytes)} more are needed for ` +
      `${purpose}; nothing was published. Free that much, or ${remedy}.`,
    name,
  );
}
