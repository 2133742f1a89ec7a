import { closeSync, openSync, writeSync } from 'node:fs';
import { type RecordBatch, RecordBatchFileWriter, RecordBatchStreamWriter } from 'apache-arrow';
import { translateDiskError } from '../errors.ts';
import type { HeldBytes } from './held-bytes.ts';

/**
 * Where one written batch lies: in shared memory, as an Arrow IPC stream, or in a spill file, an Arrow IPC file.
 * `bodyEnd` is the offset, in either, of the first byte behind the batch's buffers.
 */
export interface BatchPlace {
  readonly memory: SharedArrayBuffer | null;
  readonly path: string;
  readonly bodyEnd: number;
}

/** An Arrow stream as a list of views: the writer would otherwise copy into a queue of its own. */
class ViewCollector extends RecordBatchStreamWriter {
  readonly views: Uint8Array[] = [];
  bodyEnd = 0;

  protected override _write(chunk: Uint8Array): this {
    const view = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.views.push(view);
    this._position += view.byteLength;
    return this;
  }

  collect(batch: RecordBatch): void {
    this.write(batch);
    this.bodyEnd = this._position;
    this.finish();
  }
}

/** An Arrow file that goes to disk at once, from wherever the views lie. */
class SpillFile extends RecordBatchFileWriter {
  private readonly fd: number;
  private readonly path: string;
  private written = 0;

  constructor(path: string) {
    super();
    this.path = path;
    // Anew where a task is run once more.
    this.fd = openSync(path, 'w');
  }

  protected override _write(chunk: Uint8Array): this {
    const view = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    try {
      for (let done = 0; done < view.byteLength; ) done += writeSync(this.fd, view, done);
    } catch (error) {
      throw translateDiskError(error, this.path);
    }
    this._position += view.byteLength;
    this.written += view.byteLength;
    return this;
  }

  append(batch: RecordBatch): number {
    this.write(batch);
    return this._position;
  }

  end(): number {
    this.finish();
    this.abandon();
    return this.written;
  }

  abandon(): void {
    closeSync(this.fd);
  }
}

/** Writes the batches of one task: to shared memory while the budget lasts, then to a spill file of its own. */
export class BatchWriter {
  private readonly held: HeldBytes;
  private readonly spillPath: string;
  private spill: SpillFile | null = null;
  private holding = 0;

  constructor(held: HeldBytes, spillPath: string) {
    this.held = held;
    this.spillPath = spillPath;
  }

  /** Copies the batch; the memory behind it is free again on return. */
  write(batch: RecordBatch): BatchPlace {
    if (this.spill === null) {
      const collector = new ViewCollector();
      collector.collect(batch);
      const byteLength = collector.views.reduce((sum, view) => sum + view.byteLength, 0);
      if (this.held.tryHold(byteLength)) {
        this.holding += byteLength;
        return { memory: join(collector.views, byteLength), path: '', bodyEnd: collector.bodyEnd };
      }
      this.spill = new SpillFile(this.spillPath);
    }
    return { memory: null, path: this.spillPath, bodyEnd: this.spill.append(batch) };
  }

  /** Ends the task's file. Returns the bytes it spilled. */
  finish(): number {
    const byteLength = this.spill?.end() ?? 0;
    this.spill = null;
    return byteLength;
  }

  /** Gives up the task: its batches no longer count, its file is left to whoever removes the folder. */
  abandon(): void {
    this.held.release(this.holding);
    this.spill?.abandon();
    this.spill = null;
  }
}

function join(views: readonly Uint8Array[], byteLength: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(byteLength);
  const bytes = new Uint8Array(memory);
  let at = 0;
  for (const view of views) {
    bytes.set(view, at);
    at += view.byteLength;
  }
  return memory;
}
