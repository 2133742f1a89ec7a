import type { ScanAccount } from '../row-account.ts';
import type { RunInputs } from '../run-inputs.ts';
import type { Manifest } from '../sink/manifest.ts';
import type { Staging } from '../sink/publish.ts';
import type { ScanTotals } from '../source/scan.ts';
import type { ScanSlice } from '../source/slices.ts';
import type { KeptCarries } from './carry-files.ts';
import type { FoldedHistory } from './fold-history.ts';
import type { Job } from './job.ts';
import type { InputSelection } from './select-inputs.ts';
import type { State } from './state.ts';
import type { ResolvedUpdateOptions } from './update-options.ts';

/** One update, planned. */
export interface Update {
  readonly options: ResolvedUpdateOptions;
  readonly staging: Staging;
  /** What is published now, and its state, if there is one to add to. */
  readonly published: Manifest | null;
  readonly state: State | null;
  readonly selection: InputSelection;
  readonly inputs: RunInputs;
}

/** An update whose events are folded. */
export interface FoldedUpdate extends Update {
  readonly job: Job;
  readonly workers: number;
  readonly partitionBits: number;
  readonly dialects: readonly string[];
  readonly slices: readonly ScanSlice[];
  readonly scans: readonly ScanTotals[];
  readonly account: ScanAccount;
  readonly folded: FoldedHistory;
  readonly open: State['open'];
  readonly carries: KeptCarries;
  readonly watermarkUs: bigint | null;
  readonly horizonUs: bigint;
  /** See placeSql. */
  readonly dayFilesFromUs: bigint;
}

/** The files of the ids that the scans of an update met. */
export function textPathsOf({ scans }: Pick<FoldedUpdate, 'scans'>): string[] {
  return scans.map(({ textsPath }) => textsPath);
}
