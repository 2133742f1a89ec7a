import type { ScanAccount } from '../row-account.ts';
import { VERSION } from '../version.ts';
import { writeManifest } from './manifest.ts';
import { Staging } from './publish.ts';

/** The folder of --quarantine in the making: like the result, it appears whole or not at all. */
export class QuarantineFolder {
  private readonly staging: Staging;

  private constructor(staging: Staging) {
    this.staging = staging;
  }

  /** Throws a PlayfoldError: usage for a folder that is not playfold's to replace, locked while another run writes it. */
  static async create(folder: string): Promise<QuarantineFolder> {
    return new QuarantineFolder(await Staging.create(folder, '--quarantine'));
  }

  /** Where the scans write. */
  get folder(): string {
    return this.staging.folder;
  }

  async publish(inputs: readonly string[], { read, invalid, invalidByReason }: ScanAccount): Promise<void> {
    const finishedAt = new Date().toISOString();
    await writeManifest(this.folder, {
      version: VERSION,
      finishedAt,
      inputs,
      read,
      invalid,
      invalidByReason,
    });
    await this.staging.publish();
  }

  async discard(): Promise<void> {
    await this.staging.discard();
  }
}
