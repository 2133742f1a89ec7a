import { quoteText } from '../../sql-text.ts';

export const TIMESTAMP_UNITS = ['auto', 's', 'ms', 'us'] as const;
export type TimestampUnit = (typeof TIMESTAMP_UNITS)[number];

/** How times are read that do not say all by themselves. */
export interface TimestampReading {
  /** Of numbers; auto goes by magnitude. */
  readonly unit: TimestampUnit;
  /** IANA name: where the clock hung that gave times without a zone. */
  readonly timezone: string;
  /** strptime formats that are tried on text that is not ISO-8601. */
  readonly formats: readonly string[];
}

/** Whether `name` is a time zone of the IANA database, such as Europe/Berlin. Offsets are none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const INTEGER = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;
const FRACTION = /^(FLOAT|DOUBLE|DECIMAL\(.*\)|BIGNUM)$/;

/**
 * SQL for microseconds since 1970-01-01 UTC (BIGINT) of a value of a DuckDB type: any TIMESTAMP, DATE, a number
 * or text. Null for what is no time.
 */
export function timestampExpression(sql: string, type: string, reading: TimestampReading): string {
  // epoch_us gives null for infinity. A cast to TIMESTAMP would cost ten times as much for TIMESTAMPTZ.
  if (/^TIMESTAMP(TZ| WITH TIME ZONE)$/.test(type)) return `epoch_us(${sql})`;
  if (/^TIMESTAMP/.test(type)) return zonelessExpression(sql, reading.timezone);
  if (type === 'DATE') return zonelessExpression(`${sql}::TIMESTAMP`, reading.timezone);
  if (INTEGER.test(type)) return epochExpression(sql, true, reading.unit);
  if (FRACTION.test(type)) return epochExpression(`CAST(${sql} AS DOUBLE)`, false, reading.unit);
  return textExpression(`trim(CAST(${sql} AS VARCHAR))`, reading);
}

function zonelessExpression(timestamp: string, timezone: string): string {
  return isUtc(timezone)
    ? `epoch_us(${timestamp})`
    : `epoch_us(timezone(${quoteText(timezone)}, ${timestamp}::TIMESTAMP))`;
}

const isUtc = (timezone: string): boolean => /^(Etc\/)?UTC$/i.test(timezone);

/** ISO-8601 text without a zone. */
const ZONELESS = String.raw`\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d*)?)?)?`;

function textExpression(text: string, { unit, timezone, formats }: TimestampReading): string {
  const whole = `TRY_CAST(${text} AS BIGINT)`;
  const fraction = `TRY_CAST(${text} AS DOUBLE)`;
  const zoned = `epoch_us(TRY_CAST(${text} AS TIMESTAMPTZ))`;
  const iso = isUtc(timezone)
    ? zoned
    : `CASE WHEN regexp_full_match(${text}, ${quoteText(ZONELESS)}) THEN ${zonelessExpression(`TRY_CAST(${text} AS TIMESTAMP)`, timezone)} ELSE ${zoned} END`;
  const list = formats.map((format) => quoteText(format)).join(', ');
  const time =
    formats.length === 0
      ? iso
      : `coalesce(${iso}, ${zonelessExpression(`try_strptime(${text}, [${list}])`, timezone)})`;
  return `CASE WHEN ${whole} IS NOT NULL THEN ${epochExpression(whole, true, unit)} WHEN ${fraction} IS NOT NULL THEN ${epochExpression(fraction, false, unit)} ELSE ${time} END`;
}

function epochExpression(number: string, whole: boolean, unit: TimestampUnit): string {
  const factor = unitFactor(number, unit);
  return whole
    ? `TRY_CAST(${number}::HUGEINT * ${factor} AS BIGINT)`
    : `TRY_CAST(round(${number} * ${factor}) AS BIGINT)`;
}

/** Microseconds a unit, for numbers in SQL; `auto` goes by magnitude: 1e11 s is the year 5138. */
function unitFactor(number: string, unit: TimestampUnit): string {
  const factors = { s: '1000000', ms: '1000', us: '1' };
  if (unit !== 'auto') return factors[unit];
  return `CASE WHEN abs(${number}) < 100000000000 THEN 1000000 WHEN abs(${number}) < 100000000000000 THEN 1000 ELSE 1 END`;
}
