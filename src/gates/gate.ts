import { EXIT, nearestName, PlayfoldError } from '../errors.ts';
import { FIGURE_NAMES, type Figure, findFigure } from './figures.ts';

const COMPARISONS = {
  '>': (value: number, limit: number): boolean => value > limit,
  '>=': (value: number, limit: number): boolean => value >= limit,
  '<': (value: number, limit: number): boolean => value < limit,
  '<=': (value: number, limit: number): boolean => value <= limit,
  '=': (value: number, limit: number): boolean => value === limit,
  '!=': (value: number, limit: number): boolean => value !== limit,
} as const;

type Comparison = keyof typeof COMPARISONS;

/** A parsed `--fail-on`: the run fails where the comparison holds. */
export interface Gate {
  /** As the user wrote it. */
  readonly text: string;
  readonly name: string;
  readonly figure: Figure;
  readonly comparison: Comparison;
  /** A count, a percentage of the figure's whole, or a factor of the previous run's figure. */
  readonly limit: { readonly kind: 'number' | 'percent' | 'previous'; readonly value: number };
}

const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`;
/** FIGURE COMPARISON LIMIT, where LIMIT is `12`, `1.5%`, `previous` or `0.8 * previous`. */
const GATE = /^\s*([^<>=!]+?)\s*(>=|<=|!=|==|>|<|=)\s*(.+?)\s*$/;
const LIMIT = new RegExp(
  String.raw`^(?:(?<number>${NUMBER})|(?<percent>${NUMBER})\s*%|(?:(?<factor>${NUMBER})\s*\*\s*)?(?<previous>previous))$`,
  'i',
);

/** Reads one gate. Throws a PlayfoldError (usage) that names the figure nearest to a mistyped one. */
export function parseGate(text: string): Gate {
  const [, name, comparison, rest] = GATE.exec(text) ?? [];
  if (name === undefined || comparison === undefined || rest === undefined)
    throw wrong(text, `expected FIGURE COMPARISON LIMIT, such as "invalid > 1%" or "rows < 0.8 * previous"`);
  const figure = findFigure(name);
  if (figure === undefined) throw wrong(text, `there is no figure '${name}'${suggest(name)}`);
  return {
    text: text.trim(),
    name,
    figure,
    comparison: toComparison(comparison),
    limit: parseLimit(text, rest, name, figure),
  };
}

/** Whether the comparison holds, that is, whether the run fails. */
export function isTripped({ comparison }: Gate, value: number, limit: number): boolean {
  return COMPARISONS[comparison](value, limit);
}

const toComparison = (text: string): Comparison => (text === '==' ? '=' : (text as Comparison));

function parseLimit(text: string, rest: string, name: string, figure: Figure): Gate['limit'] {
  const { number, percent, factor, previous } = LIMIT.exec(rest)?.groups ?? {};
  if (number !== undefined) return { kind: 'number', value: Number(number) };
  if (previous !== undefined) return { kind: 'previous', value: Number(factor ?? 1) };
  if (percent === undefined)
    throw wrong(text, `the limit '${rest}' is not a number, a percentage such as 1%, or 0.8 * previous`);
  if (figure.whole === null)
    throw wrong(text, `${name} is not a share of anything; compare it with a number or with 0.8 * previous`);
  return { kind: 'percent', value: Number(percent) };
}

function suggest(name: string): string {
  const near = nearestName(name, FIGURE_NAMES);
  if (near !== undefined) return `; did you mean '${near}'?`;
  const family = name.includes(':') ? `${name.split(':')[0]?.toLowerCase()}:` : null;
  const kin = FIGURE_NAMES.filter((known) => family !== null && known.startsWith(family));
  const heads = FIGURE_NAMES.map((known) => known.replace(/:.*/, ':...'));
  return `; the figures are ${(kin.length > 0 ? kin : [...new Set(heads)]).join(', ')}`;
}

function wrong(text: string, reason: string): PlayfoldError {
  const end = /[.?]$/.test(reason) ? '' : '.';
  return new PlayfoldError(`--fail-on "${text}": ${reason}${end}`, EXIT.usage);
}
