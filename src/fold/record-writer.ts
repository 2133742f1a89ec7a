import { join } from 'node:path';
import { type BatchPlace, BatchWriter } from '../exchange/batch-writer.ts';
import { recordsToBatch } from '../exchange/batches.ts';
import type { HeldBytes } from '../exchange/held-bytes.ts';
import type { FoldKernel } from '../kernel/fold-kernel.ts';
import type { RecordName } from '../kernel/records.ts';

/** Where the records of one kind lie. */
export interface RecordPlaces {
  readonly name: RecordName;
  readonly places: readonly BatchPlace[];
  readonly rowCount: number;
}

/** Keeps what one fold records, each kind in batches of its own. */
export class RecordWriter {
  private readonly kinds: { name: RecordName; writer: BatchWriter; places: BatchPlace[]; rowCount: number }[];

  constructor(names: readonly RecordName[], held: HeldBytes, tempFolder: string, index: number) {
    this.kinds = names.map((name) => ({
      name,
      writer: new BatchWriter(held, join(tempFolder, `fold-${index}-${name}.arrow`)),
      places: [],
      rowCount: 0,
    }));
  }

  /** Copies what the last fold of `kernel` recorded. */
  write(kernel: FoldKernel): void {
    for (const kind of this.kinds) {
      const rows = kernel.records(kind.name);
      if (rows.rowCount === 0) continue;
      kind.places.push(kind.writer.write(recordsToBatch(kind.name, rows)));
      kind.rowCount += rows.rowCount;
    }
  }

  finish(): { readonly records: readonly RecordPlaces[]; readonly spilledBytes: number } {
    const spilledBytes = this.kinds.reduce((sum, { writer }) => sum + writer.finish(), 0);
    return {
      records: this.kinds.map(({ name, places, rowCount }) => ({ name, places, rowCount })),
      spilledBytes,
    };
  }

  abandon(): void {
    for (const { writer } of this.kinds) writer.abandon();
  }
}
