/**
 * Counts, over all threads, the bytes of batches that are held in memory, so that what would pass the limit
 * goes to disk instead. The counter is shared memory: it may be sent to workers.
 */
export class HeldBytes {
  readonly counter: SharedArrayBuffer;
  readonly limitBytes: number;
  private readonly cell: BigInt64Array;

  constructor(limitBytes: number, counter: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.limitBytes = limitBytes;
    this.counter = counter;
    this.cell = new BigInt64Array(counter);
  }

  /** True, and counted, where `byteLength` more bytes fit. */
  tryHold(byteLength: number): boolean {
    const held = Atomics.add(this.cell, 0, BigInt(byteLength)) + BigInt(byteLength);
    if (held <= BigInt(this.limitBytes)) return true;
    this.release(byteLength);
    return false;
  }

  release(byteLength: number): void {
    Atomics.sub(this.cell, 0, BigInt(byteLength));
  }
}
