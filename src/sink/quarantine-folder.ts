import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScanAccount } from '../row-account.ts';
import { VERSION } from '../version.ts';
import { digestFiles, type ManifestFile, traceparentOf, writeManifest } from './manifest.ts';
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
    const { id, replaces } = this.staging;
    await writeManifest(this.folder, {
      version: VERSION,
      state: 'complete',
      id,
      replaces,
      traceparent: traceparentOf(process.env),
      finishedAt: new Date().toISOString(),
      inputs,
      read,
      invalid,
      invalidByReason,
      files: await this.listFiles(),
    });
    await this.staging.publish();
  }

  private async listFiles(): Promise<ManifestFile[]> {
    const files = (await readdir(this.folder)).sort().map((path) => ({ path }));
    const digests = await digestFiles(this.folder, files);
    const listed: ManifestFile[] = [];
    for (const [i, { path }] of files.entries()) {
      const { size } = await stat(join(this.folder, path));
      listed.push({ path, rows: null, bytes: size, sha256: digests[i]! });
    }
    return listed;
  }

  async discard(): Promise<void> {
    await this.staging.discard();
  }
}
