const fixed = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6, minimumFractionDigits: 0 });

/** Microseconds as seconds: 30 s, 0.1 s, 1,800 s. */
export const formatSeconds = (us: bigint): string => `${fixed.format(Number(us) / 1e6)} s`;

/** A position in a video: 0:30, 1:02:05, 0:00.1. */
export function formatClock(us: bigint): string {
  const whole = us / 1_000_000n;
  const fraction = String(us % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const parts = [whole / 3600n, (whole / 60n) % 60n, whole % 60n].map(String);
  if (parts[0] === '0') parts.shift();
  const clock = parts.map((part, i) => (i === 0 ? part : part.padStart(2, '0'))).join(':');
  return fraction === '' ? clock : `${clock}.${fraction}`;
}

/** A span of time in its two largest units: 42 min, 5 h 10 min, 3 d. */
export function formatSpan(us: bigint): string {
  const seconds = Number(us) / 1e6;
  if (seconds < 120) return formatSeconds(us);
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
  return `${Math.floor(hours / 24)} d${hours % 24 === 0 ? '' : ` ${hours % 24} h`}`;
}

/** UTC, to the millisecond where it has some. */
export function formatTime(us: bigint): string {
  // Beyond the years that Date knows a time is shown as the number that it is.
  const date = new Date(Number(us / 1000n));
  if (Number.isNaN(date.getTime())) return `${us} us`;
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/(\.000)?Z$/, '');
}
