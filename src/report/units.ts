const count = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const small = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 1, maximumFractionDigits: 20 });
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** 12,345 */
export const formatCount = (value: number): string => count.format(value);

/** 12.3 % of a share given as a percentage. */
export const formatPercent = (percent: number | null): string =>
  percent === null
    ? 'unknown'
    : `${percent === 0 ? 0 : percent < 0.1 ? small.format(percent) : tenths.format(percent)} %`;

/** 1.5K, for axes. */
export const formatTick = (value: number): string => compact.format(value);

/** 2.25, such as of a score or a ratio. */
export const formatRatio = (value: number | null): string =>
  value === null ? 'unknown' : hundredths.format(value);

/** 1,234 h, 12.3 h or 4.2 min. */
export function formatHours(hours: number): string {
  if (hours >= 100) return `${count.format(hours)} h`;
  return hours >= 1 || hours === 0 ? `${tenths.format(hours)} h` : `${tenths.format(hours * 60)} min`;
}

/** A position in a video: 4:05 or 1:02:03. */
export function formatPosition(seconds: number): string {
  const whole = Math.round(seconds);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${pad(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`;
}

/** Text cut to so many characters: axes have no room for long titles. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
