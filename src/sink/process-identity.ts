import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What tells one process from all others, on this host and elsewhere. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** The host's boot and the process's id space (a container has its own): where pids can be compared. */
  readonly pidSpace: string;
  /** When the process began, in the system's ticks; null where the system does not say. A pid is used again. */
  readonly startTicks: string | null;
}

export function ownIdentity(): ProcessIdentity {
  const boot = tryRead(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const space = tryRead(() => readlinkSync('/proc/self/ns/pid'));
  return {
    pid: process.pid,
    host: hostname(),
    pidSpace: `${hostname()} ${boot} ${space}`,
    startTicks: startTicksOf(process.pid),
  };
}

/** Whether that process still runs; undefined where this process cannot see it. */
export function isAlive({ pid, pidSpace, startTicks }: ProcessIdentity): boolean | undefined {
  if (pidSpace !== ownIdentity().pidSpace) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return startTicks === null || startTicksOf(pid) === startTicks;
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold spaces and parentheses. */
function startTicksOf(pid: number): string | null {
  const stat = tryRead(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function tryRead(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
