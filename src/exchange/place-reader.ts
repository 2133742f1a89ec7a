import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { BatchPlace } from './batch-writer.ts';

/**
 * Reads written batches again, in no particular order. `read` takes an Arrow stream or file apart; what it gives
 * shows the bytes it was given, which are valid until the next file.
 */
export function* readPlaces<Rows>(
  places: readonly BatchPlace[],
  read: (bytes: Uint8Array) => Generator<Rows>,
): Generator<Rows> {
  const seen = new Set<string>();
  const file = { bytes: new Uint8Array(0) };
  for (const place of places) {
    if (place.memory !== null) {
      yield* read(new Uint8Array(place.memory));
    } else if (!seen.has(place.path)) {
      // One file holds all batches of its task, which were spilled from some batch on.
      seen.add(place.path);
      yield* read(readWhole(place.path, file));
    }
  }
}

/** Reads a file into `into.bytes`, which grows where it must: fresh memory for each file costs more than reading. */
function readWhole(path: string, into: { bytes: Uint8Array }): Uint8Array {
  const fd = openSync(path, 'r');
  try {
    const byteLength = fstatSync(fd).size;
    if (into.bytes.byteLength < byteLength) into.bytes = new Uint8Array(Math.ceil(byteLength * 1.25));
    for (let done = 0; done < byteLength; ) {
      const length = readSync(fd, into.bytes, done, byteLength - done, done);
      if (length === 0) throw new Error(`${path} ends at ${done}, ${byteLength - done} bytes short`);
      done += length;
    }
    return into.bytes.subarray(0, byteLength);
  } finally {
    closeSync(fd);
  }
}
