import { EXIT, PlayfoldError } from '../errors.ts';
import type { RunSummary } from '../summary.ts';
import { wholeOf } from './figures.ts';
import { type Gate, isTripped } from './gate.ts';

/** What became of one gate, as the summary shows it. */
export interface GateResult {
  readonly gate: string;
  /** `skipped`: there was nothing to compare with, because no earlier run stands in the folder, or no figure. */
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** A count, or a percentage where the limit is one. */
  readonly value: number | null;
  readonly limit: number | null;
}

/** Judges a gate over the summary of this run and of the one before; null where there was none. */
export function judgeGate(gate: Gate, summary: RunSummary, previous: RunSummary | null): GateResult {
  const found = gate.figure.value(summary);
  const whole = wholeOf(gate.figure, summary);
  const isPercent = gate.limit.kind === 'percent';
  const value = isPercent && found !== null && whole !== null ? percentOf(found, whole.count) : found;
  const before = previous === null ? null : gate.figure.value(previous);
  const limit =
    gate.limit.kind !== 'previous' ? gate.limit.value : before === null ? null : gate.limit.value * before;
  if (value === null || limit === null) return { gate: gate.text, outcome: 'skipped', value, limit };
  return { gate: gate.text, outcome: isTripped(gate, value, limit) ? 'failed' : 'passed', value, limit };
}

/**
 * The summary with the outcome of each gate. Throws a PlayfoldError (gate) that names figure, value, limit and the
 * command to look closer, if one failed.
 */
export function applyGates(
  gates: readonly Gate[],
  summary: RunSummary,
  previous: RunSummary | null,
): RunSummary {
  const results = gates.map((gate) => judgeGate(gate, summary, previous));
  const failed = results.flatMap((result, i) =>
    result.outcome === 'failed' ? [describe(gates[i]!, result, summary)] : [],
  );
  if (failed.length > 0) throw new PlayfoldError(`${failed.join(' ')} Nothing was published.`, EXIT.gate);
  return { ...summary, gates: results };
}

const percentOf = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);

const format = (value: number | null): string =>
  (value ?? 0).toLocaleString('en-US', { maximumSignificantDigits: 6, useGrouping: true });

function describe(gate: Gate, { value, limit }: GateResult, summary: RunSummary): string {
  const { kind, value: given } = gate.limit;
  const whole = wholeOf(gate.figure, summary);
  const said =
    kind === 'percent'
      ? `${format(value)} % (${format(gate.figure.value(summary))} of ${format(whole?.count ?? 0)} ${whole?.name})`
      : format(value);
  const allowed =
    kind === 'percent'
      ? `${format(limit)} %`
      : kind === 'previous'
        ? `${format(limit)} (${format(given)} x the previous run's)`
        : format(limit);
  return `Gate "${gate.text}" failed: ${gate.name} is ${said}, the limit ${allowed}. ${lookCloser(gate, summary)}`;
}

function lookCloser({ name, figure, limit }: Gate, { out }: RunSummary): string {
  if (/^(invalid|unknown_event|kept)/i.test(name))
    return 'Look closer: playfold check over the same inputs shows such rows.';
  if (figure.query !== undefined)
    return `Look closer: the same run without this gate and with --out OTHER, then playfold query OTHER ${figure.query}.`;
  if (limit.kind === 'previous') return `Look closer: playfold stats ${out} shows the previous run.`;
  return 'Look closer: the same run without this gate and with --out OTHER, then playfold stats OTHER.';
}
