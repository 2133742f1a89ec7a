import { Bench } from 'tinybench';
import { parseConfig } from '../src/config/schema.ts';
import { largestBin } from '../src/fold/piece-reader.ts';
import { FoldKernel } from '../src/kernel/fold-kernel.ts';
import { Kernel } from '../src/kernel/kernel.ts';
import { EVENT_BYTES, FRAGMENT_BYTES } from '../src/kernel/layout.ts';
import { ScanKernel } from '../src/kernel/scan-kernel.ts';
import { kernelThresholds } from '../src/kernel/thresholds.ts';

const ROWS = 131_072;
const CHUNK = 2048;

/** A stage of the kernel and what a row costs in it. */
export interface KernelStage {
  readonly stage: string;
  readonly nsARow: number;
  readonly spreadNs: number;
}

const mix = (value: bigint): bigint =>
  BigInt.asUintN(64, (value + 1n) * 0x9e3779b97f4a7c15n) ^ (value << 40n);

/** Sessions of six events, eight of them under way at a time, as a lake in time order has them. */
function fillChunk(scan: ScanKernel, chunk: number): void {
  const columns = scan.columns.map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  for (let row = 0; row < CHUNK; row++) {
    const event = chunk * CHUNK + row;
    const session = Math.floor(event / 48) * 8 + (event % 8);
    const step = Math.floor(event / 8) % 6;
    for (const [column, value] of [session % 9000, 0, session % 2000, session].entries())
      columns[column]!.setBigUint64(row * 8, mix(BigInt(value)), true);
    columns[4]!.setBigUint64(row * 8, BigInt(step % 2 === 0 ? 3 : 4), true);
    columns[5]!.setBigInt64(row * 8, BigInt(1_767_225_600_000_000 + event * 1000 + step * 10_000_000), true);
    columns[6]!.setFloat64(row * 8, step * 10, true);
  }
}

/** Times push, flush and fold over one round of 131,072 rows, one thread. */
export async function benchKernel(module: WebAssembly.Module): Promise<KernelStage[]> {
  const size = {
    roundRows: ROWS,
    binBits: 6,
    eventStride: EVENT_BYTES,
    seenUserLines: 4096,
    seenVideoLines: 1024,
  };
  const names = {
    nullHash: 1n,
    emptyHash: 2n,
    classOfName: [3n, 4n].map((hash, i) => ({ hash, eventClass: i === 0 ? 3 : 0 })),
  };
  const scan = new ScanKernel(new Kernel(module), size, names);
  scan.begin();
  const fill = (): void => {
    for (let chunk = 0; chunk < ROWS / CHUNK; chunk++) scan.push(CHUNK);
  };
  fillChunk(scan, 1);
  fill();
  scan.flush();

  const fold = new FoldKernel(new Kernel(module), kernelThresholds(parseConfig({}, 'bench')));
  const input = sampleRound(module, size, names);
  const bench = new Bench({ time: 1500, warmupTime: 300 })
    .add('scan: group rows into fragments', fill, { afterEach: () => void scan.flush() })
    .add('scan: scatter a round to 64 bins', () => void scan.flush(), { beforeEach: fill })
    .add('fold: group, sort, fold and unite', () => void fold.fold(), {
      beforeEach: () => {
        fold.begin({
          ...input.counts,
          pieceCount: 1,
          binCount: 2 ** size.binBits,
          largestBin: input.largestBin,
          binBits: size.binBits,
          eventStride: EVENT_BYTES,
          withRanges: true,
        });
        const views = fold.next(input.counts);
        views.fragments.set(input.fragments);
        views.events.set(input.events);
        fold.keep(input.counts, input.offsets);
      },
    });
  await bench.run();
  return bench.tasks.map(({ name, result }) => {
    if (result.state !== 'completed') throw new Error(`${name}: ${result.state}`);
    const { p50, p75 } = result.latency;
    return { stage: name, nsARow: (p50 * 1e6) / ROWS, spreadNs: ((p75 - p50) * 1e6) / ROWS };
  });
}

function sampleRound(
  module: WebAssembly.Module,
  size: ConstructorParameters<typeof ScanKernel>[1],
  names: ConstructorParameters<typeof ScanKernel>[2],
) {
  const scan = new ScanKernel(new Kernel(module), size, names);
  scan.begin();
  for (let chunk = 0; chunk < ROWS / CHUNK; chunk++) {
    fillChunk(scan, chunk);
    scan.push(CHUNK);
  }
  const { fragments, events, fragmentOffsets, eventOffsets } = scan.flush();
  const offsets = { fragments: fragmentOffsets.slice(), events: eventOffsets.slice() };
  const counts = {
    fragmentCount: fragments.byteLength / FRAGMENT_BYTES,
    eventCount: events.byteLength / EVENT_BYTES,
  };
  return {
    fragments: fragments.slice(),
    events: events.slice(),
    counts,
    offsets,
    largestBin: largestBin([offsets]),
  };
}
