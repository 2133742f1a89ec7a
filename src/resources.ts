import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** Reads a one-line file of the cgroup file systems; undefined where there is none. */
function readLine(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Folders of this process's cgroup, v2 then v1, from its own to the root: the tightest limit counts. */
function cgroupFolders(controller: string): string[] {
  const folders = ['/sys/fs/cgroup', `/sys/fs/cgroup/${controller}`];
  for (const line of (readLine('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers = '', path = ''] = line.split(':');
    if (path === '' || path === '/') continue;
    if (controllers === '') folders.push(`/sys/fs/cgroup${path}`);
    else if (controllers.split(',').includes(controller)) folders.push(`/sys/fs/cgroup/${controller}${path}`);
  }
  return folders;
}

/** Cores this process may use: the scheduler's affinity and the cgroup's CPU quota. At least 1. */
export function availableCores(): number {
  const limits = cgroupFolders('cpu').flatMap((folder) => {
    const [quota = 'max', period = '100000'] = (readLine(`${folder}/cpu.max`) ?? '').split(' ');
    const quotaV1 = readLine(`${folder}/cpu.cfs_quota_us`);
    const periodV1 = readLine(`${folder}/cpu.cfs_period_us`) ?? '100000';
    return [Number(quota) / Number(period), Number(quotaV1 ?? -1) / Number(periodV1)];
  });
  const quota = Math.min(...limits.filter((cores) => cores > 0), Number.POSITIVE_INFINITY);
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(quota)));
}

/** Bytes of memory this process could take now: what the system has free, within the cgroup's limit. */
export function availableMemoryBytes(): number {
  const limits = cgroupFolders('memory').flatMap((folder) => [
    Number(readLine(`${folder}/memory.max`)),
    Number(readLine(`${folder}/memory.limit_in_bytes`)),
  ]);
  const available = /MemAvailable:\s+(\d+) kB/.exec(readLine('/proc/meminfo') ?? '')?.[1];
  const free = available === undefined ? totalmem() : Number(available) * 1024;
  return Math.min(free, ...limits.filter((bytes) => bytes > 0));
}
