import type { Piece } from '../exchange/exchange.ts';
import { HeldBytes } from '../exchange/held-bytes.ts';
import { Folder, type FoldResult, type FoldSettings } from '../fold/fold.ts';
import { HorizonFolder, type HorizonFoldResult, type HorizonPartition } from '../fold/horizon-fold.ts';
import { RunCounters } from '../progress-counters.ts';
import { Scanner, type ScanResult, type ScanSettings } from '../source/scan.ts';
import type { ScanSlice } from '../source/slices.ts';

/** What every thread of a run is given at its start: plain data and shared memory. */
export interface ExecutorSettings {
  readonly module: WebAssembly.Module;
  readonly scan: ScanSettings;
  readonly fold: FoldSettings;
  readonly heldLimitBytes: number;
  readonly heldCounter: SharedArrayBuffer;
  readonly runCounters: SharedArrayBuffer;
}

/** The units of work of a run, as one thread does them: in a worker, or in the main thread with one thread. */
export class Executor {
  private readonly settings: ExecutorSettings;
  private readonly held: HeldBytes;
  private readonly counters: RunCounters;
  private scanner: Scanner | null = null;
  private folder: Folder | null = null;
  private horizonFolder: HorizonFolder | null = null;

  constructor(settings: ExecutorSettings) {
    this.settings = settings;
    this.held = new HeldBytes(settings.heldLimitBytes, settings.heldCounter);
    this.counters = new RunCounters(settings.runCounters);
  }

  async scan(slice: ScanSlice, index: number): Promise<ScanResult> {
    this.scanner ??= await Scanner.open(this.settings.module, this.settings.scan);
    return this.scanner.scan(slice, index, this.held, this.counters);
  }

  async fold(pieces: readonly Piece[], index: number): Promise<FoldResult> {
    this.close();
    this.folder ??= new Folder(this.settings.module, this.settings.fold);
    return this.folder.fold(pieces, index, this.held, this.counters);
  }

  async foldAtHorizon(partitions: readonly HorizonPartition[], index: number): Promise<HorizonFoldResult> {
    this.close();
    this.horizonFolder ??= new HorizonFolder(this.settings.module, this.settings.fold);
    return this.horizonFolder.fold(partitions, index, this.held, this.counters);
  }

  /** Gives back what scanning took. */
  close(): void {
    this.scanner?.close();
    this.scanner = null;
  }
}
