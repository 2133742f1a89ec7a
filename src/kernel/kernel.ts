import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { builtFile } from '../built-files.ts';
import { ABI_VERSION } from './layout.ts';
import type { MemoryPlan } from './memory-plan.ts';

/** What kernel.wasm exports; README.md documents it for hosts other than Node. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  readonly abiVersion: WebAssembly.Global;
  readonly HEAP_BASE: WebAssembly.Global;
  scanPush(planPtr: number, rowCount: number): number;
  scanFlush(planPtr: number): number;
  foldPartition(planPtr: number, pieceCount: number): number;
  countShares(fragmentsPtr: number, fragmentCount: number, shareCount: number, countsPtr: number): number;
  selectFragments(
    fragmentsPtr: number,
    fragmentCount: number,
    eventsPtr: number,
    eventStride: number,
    share: number,
    shareCount: number,
    eventCountPtr: number,
  ): number;
  splitFragments(
    fragmentsPtr: number,
    fragmentCount: number,
    eventsPtr: number,
    eventStride: number,
    horizonUs: bigint,
    fromHorizon: number,
    eventCountPtr: number,
  ): number;
  narrowEvents(eventsPtr: number, eventCount: number, scalePtr: number): number;
  widenEvents(
    eventsPtr: number,
    eventCount: number,
    earliestUs: bigint,
    timeUnitUs: number,
    positionUnitUs: number,
    positionBits: number,
  ): number;
}

const WASM_PAGE_BYTES = 65536;

/** One instance of kernel.wasm and its memory. Views into the memory end with the next `place`. */
export class Kernel {
  readonly exports: KernelExports;

  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module, {}).exports as unknown as KernelExports;
    const version: unknown = this.exports.abiVersion.value;
    if (version !== ABI_VERSION)
      throw new Error(`kernel.wasm has ABI version ${version}, this build of playfold needs ${ABI_VERSION}`);
  }

  /** The first byte that the host may use. */
  get heapBase(): number {
    return this.exports.HEAP_BASE.value as number;
  }

  /** Makes room for a plan and writes its slots. Views made before may be detached. */
  place(plan: MemoryPlan): void {
    this.ensure(plan.byteLength);
    new Uint32Array(this.exports.memory.buffer, plan.planPtr, plan.slots.length).set(plan.slots);
  }

  private ensure(byteLength: number): void {
    const { memory } = this.exports;
    const missing = byteLength - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / WASM_PAGE_BYTES));
  }

  /** A view into the kernel's memory: not a copy, gone with the next `place`. */
  bytes(ptr: number, byteLength: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, ptr, byteLength);
  }
}

/** Compiles the kernel that lies beside the built code. A compiled module may be sent to workers. */
export function compileKernel(path: string = fileURLToPath(builtFile('kernel.wasm'))): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(path));
}
