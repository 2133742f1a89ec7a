import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { largestBin } from '../../src/fold/piece-reader.ts';
import { FoldKernel } from '../../src/kernel/fold-kernel.ts';
import { Kernel } from '../../src/kernel/kernel.ts';
import * as layout from '../../src/kernel/layout.ts';
import { GUARD_BYTES, type MemoryPlan, planFold, planScan } from '../../src/kernel/memory-plan.ts';
import { RECORDS, type RecordName } from '../../src/kernel/records.ts';
import { DEFAULT_THRESHOLDS, type ReferenceEvent } from '../../src/kernel/reference.ts';
import { ScanKernel } from '../../src/kernel/scan-kernel.ts';
import { VideoBuckets } from '../../src/kernel/video-buckets.ts';
import { temporaryFolder } from '../built-cli.ts';
import { hashText, kernels, openScan, pushEvents, toThresholds } from './kernel-fold.ts';

const folder = temporaryFolder();
const GUARD = 0xa5;

const events: ReferenceEvent[] = Array.from({ length: 2048 }, (_, i) => ({
  userId: `user ${i % 300}`,
  videoId: `video ${i % 7}`,
  sessionId: `session ${i % 11}`,
  timestampUs: BigInt((i * 7919) % 4096) * 1_000_000n,
  eventClass: i % 6,
  positionUs: BigInt(i % 500) * 1_000_000n,
  fromUs: i % 5 === 0 ? BigInt(i % 300) * 1_000_000n : null,
}));

/** Bytes before each region that belong to none. */
function guards(kernel: Kernel, plan: MemoryPlan): Uint8Array[] {
  return plan.regions.map((ptr) => kernel.bytes(ptr - GUARD_BYTES, GUARD_BYTES));
}

describe('the layout', () => {
  it('has the same constants for the kernel and for its host', () => {
    const target = join(folder, 'layout.wasm');
    const asc = join('node_modules', 'assemblyscript', 'bin', 'asc.js');
    execFileSync(process.execPath, [
      asc,
      'src/kernel/layout.ts',
      '--outFile',
      target,
      '--runtime',
      'stub',
      '--use',
      'abort=',
    ]);
    const module = new WebAssembly.Module(readFileSync(target));
    const compiled = new WebAssembly.Instance(module, {}).exports as Record<string, WebAssembly.Global>;
    const constants = Object.entries(layout);
    expect(constants.length).toBeGreaterThan(90);
    for (const [name, value] of constants)
      expect([name, Number(compiled[name]?.value)]).toEqual([name, value]);
  });

  it.each(Object.entries(kernels))('%s: imports nothing and says which ABI it has', (_, module) => {
    expect(WebAssembly.Module.imports(module)).toEqual([]);
    expect(new Kernel(module).exports.abiVersion.value).toBe(layout.ABI_VERSION);
  });

  it('puts every region behind the one before it, on a line of its own', () => {
    const scan = planScan(1000, {
      roundRows: 4096,
      binBits: 3,
      eventStride: 16,
      seenUserLines: 4,
      seenVideoLines: 8,
    });
    const fold = planFold(1000, {
      fragmentCount: 77,
      eventCount: 501,
      pieceCount: 3,
      binCount: 8,
      largestBin: { fragmentCount: 20, eventCount: 130 },
      binBits: 3,
      eventStride: 24,
      withRanges: true,
    });
    for (const { regions, planPtr, byteLength } of [scan, fold]) {
      expect(planPtr).toBeGreaterThanOrEqual(1000);
      expect([...regions].sort((a, b) => a - b)).toEqual(regions);
      expect(regions.every((ptr) => ptr % 64 === 0 && ptr < byteLength)).toBe(true);
    }
  });
});

describe.each(Object.entries(kernels))('the %s kernel keeps to its regions', (_, module) => {
  it('in a scan that fills its round', () => {
    const size = {
      roundRows: 4096,
      binBits: 4,
      eventStride: layout.EVENT_FROM_BYTES,
      seenUserLines: 4,
      seenVideoLines: 1,
    };
    const kernel = new Kernel(module);
    const classOfName = [0, 1, 2, 3, 4, 5].map((eventClass) => ({
      hash: hashText(`class ${eventClass}`),
      eventClass,
    }));
    const scan = new ScanKernel(kernel, size, { nullHash: 1n, emptyHash: 2n, classOfName });
    const plan = planScan(kernel.heapBase, size);
    for (const guard of guards(kernel, plan)) guard.fill(GUARD);
    scan.begin();
    expect([pushEvents(scan, events), pushEvents(scan, events), pushEvents(scan, events)]).toEqual([
      true,
      true,
      false,
    ]);
    scan.flush();
    for (const guard of guards(kernel, plan)) expect([...guard]).toEqual(new Array(GUARD_BYTES).fill(GUARD));
  });

  it('in a fold whose every fragment is a pair and every event a range', () => {
    const scan = openScan(module, true, {
      chunkRows: 2048,
      roundRows: 2048,
      partitionBits: 0,
      binsPerPartition: 4,
      shareCount: 1,
    });
    scan.begin();
    pushEvents(scan, events);
    const round = scan.flush();
    const counts = {
      fragmentCount: round.fragments.byteLength / layout.FRAGMENT_BYTES,
      eventCount: round.events.byteLength / layout.EVENT_FROM_BYTES,
    };
    const kernel = new Kernel(module);
    const fold = new FoldKernel(kernel, toThresholds(DEFAULT_THRESHOLDS));
    const offsets = { fragments: round.fragmentOffsets, events: round.eventOffsets };
    const size = {
      ...counts,
      pieceCount: 1,
      binCount: 4,
      largestBin: largestBin([offsets]),
      binBits: 2,
      eventStride: layout.EVENT_FROM_BYTES,
      withRanges: true,
      records: Object.keys(RECORDS) as RecordName[],
      videos: new VideoBuckets(
        [0, 1, 2].map((i) => hashText(`video ${i}`)),
        [300, 3000, 0.5],
      ).arrays,
    };
    fold.begin(size);
    const plan = planFold(kernel.heapBase, size);
    for (const guard of guards(kernel, plan)) guard.fill(GUARD);
    const views = fold.next(counts);
    views.fragments.set(round.fragments);
    views.events.set(round.events);
    fold.keep(counts, offsets);
    expect(fold.fold().rowCount).toBeGreaterThan(300);
    for (const guard of guards(kernel, plan)) expect([...guard]).toEqual(new Array(GUARD_BYTES).fill(GUARD));
  });
});
