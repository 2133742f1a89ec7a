import { EXIT, PlayfoldError } from '../errors.ts';
import { Exchange } from '../exchange/exchange.ts';
import { checkInvalidLimit } from '../invalid-limit.ts';
import { noRows, scanSlices } from '../pipeline.ts';
import { dialectsOf, planWork, readTitles } from '../plan.ts';
import { accountForRows } from '../row-account.ts';
import { readInputVersions, runKeyOf } from '../run-inputs.ts';
import { noteTo, openStaging } from '../run-start.ts';
import { type Manifest, readManifest } from '../sink/manifest.ts';
import type { Staging } from '../sink/publish.ts';
import { pathFilter } from '../source/date-folders.ts';
import { type InputFile, resolveInputs } from '../source/inputs.ts';
import { planSlices, type ScanSlice } from '../source/slices.ts';
import { findVideos } from '../source/videos.ts';
import type { RunSummary } from '../summary.ts';
import { CarryFiles } from './carry-files.ts';
import { foldHistory } from './fold-history.ts';
import type { Update } from './folded-update.ts';
import { advance } from './horizon.ts';
import { Job } from './job.ts';
import { mergeUpdate } from './merge-update.ts';
import { OpenFile, openPieces } from './open-file.ts';
import { firstDayFile } from './result-places.ts';
import { type InputRead, refuseChanged, retainedReads, selectAll, selectInputs } from './select-inputs.ts';
import { readState, rowPathsOf, type State, uniteDialects } from './state.ts';
import type { ResolvedUpdateOptions } from './update-options.ts';

/** Partitions of a state never change in number: a first call of few rows must not decide for few. */
const LEAST_PARTITION_BITS = 6;

/**
 * The flow of an update: select what is new, scan and fold it with what the state kept open, add it to the state,
 * and publish the rows that changed together with it. Does nothing where there is nothing new. Leaves nothing behind
 * when it throws.
 */
export async function updatePipeline(options: ResolvedUpdateOptions): Promise<RunSummary> {
  const staging = await openStaging(options);
  try {
    const published = staging.published === null ? null : await readManifest(staging.published);
    const state = await readState(staging.published, options);
    const update = await planUpdate(options, staging, published, state);
    if (!options.force && published !== null && isNothingNew(update, published)) {
      noteTo(options, 'info', 'nothing to do', { inputs: update.selection.skipped });
      return { ...published.summary, unchanged: true };
    }
    const paths = update.selection.seen.map(({ path }) => path);
    const videos = update.inputs.videos === null ? [] : [update.inputs.videos.path];
    const summary = await Job.run(options, staging, [...paths, ...videos], (job) => foldUpdate(job, update));
    const { contentHash } = summary;
    noteTo(options, 'info', 'published', { out: options.out, version: staging.id, contentHash });
    return summary;
  } finally {
    await staging.discard();
  }
}

async function planUpdate(
  options: ResolvedUpdateOptions,
  staging: Staging,
  published: Manifest | null,
  state: State | null,
): Promise<Update> {
  const { tempFolder } = staging;
  const { signal } = options;
  const isWanted = pathFilter(options);
  const files = await resolveInputs(options.inputs, tempFolder, { isWanted, signal });
  refuseStreams(files);
  const versions = await readInputVersions(files);
  const window = [options.sinceUs, options.untilUs] as const;
  const videos = options.videos === null ? null : await findVideos(options.videos, tempFolder, signal);
  const [videosVersion = null] = videos === null ? [] : await readInputVersions([videos]);
  let selection = selectInputs(files, versions, window, state?.inputs ?? []);
  const { changed } = selection;
  if (changed.length > 0 && options.changed === 'fail') throw refuseChanged(changed);
  const isAgain = changed.length > 0;
  if (isAgain) selection = await selectAll(files, versions, window, state?.inputs ?? []);
  const read = new Set(selection.reads.map(({ file }) => file.path));
  const readVersions = selection.seen.filter(({ path }) => read.has(path));
  return {
    options,
    staging,
    published,
    // A state of files that have changed is not to be added to.
    state: isAgain ? null : state,
    selection: { ...selection, changed },
    inputs: {
      files: selection.reads.map(({ file }) => file),
      videos,
      versions: readVersions.map(({ path, bytes, mtimeMs }) => ({ path, bytes, mtimeMs })),
      videosVersion,
      runKey: `update ${runKeyOf(options, readVersions, videosVersion)}`,
    },
  };
}

/** What can be read only once cannot be known again, nor read again for late events. */
function refuseStreams(files: readonly InputFile[]): void {
  const stream = files.find(({ path, name }) => path !== name);
  if (stream !== undefined)
    throw new PlayfoldError(
      `${stream.name}: update reads files alone, for it may have to read them again; write it to a file first.`,
      EXIT.usage,
    );
}

function isNothingNew({ selection, inputs, state }: Update, { videosFile }: Manifest): boolean {
  // Of what can be read only once, nobody knows whether it is the same again.
  const isSameVideos =
    inputs.videosVersion?.mtimeMs !== null &&
    JSON.stringify(inputs.videosVersion) === JSON.stringify(videosFile);
  return state !== null && selection.reads.length === 0 && isSameVideos;
}

async function foldUpdate(job: Job, update: Update): Promise<RunSummary> {
  const { options, staging, stopwatch } = job;
  const { state, selection } = update;
  await readTitles(job.database, options, update.inputs.videos, staging.tempFolder);
  const slices = await planReads(job, selection.reads);
  const dialects = uniteDialects(state, dialectsOf(slices), options.out);
  const plan = planWork(
    slices,
    selection.seen.map(({ path }) => path),
    state === null ? options : { ...options, partitionBits: state.partitionBits },
    { tempFolder: staging.tempFolder, quarantineFolder: null, counters: stopwatch.counters },
    { isUpdate: true, leastPartitionBits: LEAST_PARTITION_BITS, dialects },
  );
  const partitionBits = Math.log2(plan.partitionCount);
  const pool = await job.openPool(plan);

  stopwatch.begin('scan', plan.rowEstimate);
  const exchange = new Exchange(1);
  const scans = await scanSlices(pool, slices, exchange);
  const account = accountForRows(scans);
  if (state === null && account.read === 0 && !options.allowEmpty) throw noRows(options);
  checkInvalidLimit(account, options.maxInvalid, null);
  const { earliestUs, watermarkUs, horizonUs } = advance(update.options, state, scans);

  stopwatch.begin('fold', account.kept);
  const openFile = new OpenFile(staging.folder, staging.id);
  const carryFiles = new CarryFiles(
    staging.folder,
    staging.id,
    staging.published,
    state?.carries ?? [],
    options.carryGrowth,
  );
  const folded = await foldHistory({
    job,
    options: update.options,
    pool,
    partitionBits,
    exchange,
    openPieces: openPieces(staging.published, state),
    openFile,
    carryFiles,
    horizonUs,
    earliestUs,
    before:
      state === null ? null : { horizonUs: state.horizonUs, rowPaths: rowPathsOf(staging.published!, state) },
    retained: async () => planReads(job, await retainedReads(selection.seen, 'to fold late events again')),
    scanned: slices.length,
  });
  await exchange.discard();
  const open = openFile.close();
  const carries = await carryFiles.close();
  await job.closePool(plan);

  return mergeUpdate({
    ...update,
    job,
    workers: plan.workers,
    partitionBits,
    dialects,
    slices,
    scans,
    account,
    folded,
    open,
    carries,
    watermarkUs,
    horizonUs,
    dayFilesFromUs: state?.dayFilesFromUs ?? firstDayFile(watermarkUs),
  });
}

async function planReads(job: Job, reads: readonly InputRead[]): Promise<ScanSlice[]> {
  const groups = new Map<string, InputRead[]>();
  for (const read of reads) {
    const key = read.windows
      .map(({ sinceUs, untilUs, undated }) => `${sinceUs} ${untilUs} ${undated}`)
      .join();
    groups.set(key, [...(groups.get(key) ?? []), read]);
  }
  const slices: ScanSlice[] = [];
  for (const group of groups.values()) {
    const files = group.map(({ file }) => file);
    for (const window of group[0]!.windows)
      slices.push(
        ...(await planSlices(job.database, files, job.options.config, {
          ...window,
          keepInvalid: false,
          tempFolder: job.staging.tempFolder,
        })),
      );
  }
  return slices;
}
