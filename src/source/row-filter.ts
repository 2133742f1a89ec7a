import { quoteText } from '../sql-text.ts';
import type { ColumnExpressions } from './columns.ts';
import { type TimeWindow, windowCondition } from './time-window.ts';

/** Which rows are read: those of a time window, and of some ids alone. */
export interface RowFilter extends TimeWindow {
  /** For DuckDB to find by the files' statistics. */
  readonly only?: { readonly userId?: string | undefined; readonly videoId?: string | undefined } | undefined;
}

/** SQL for the rows of a filter, or null for all. */
export function filterCondition(expressions: ColumnExpressions, filter: RowFilter): string | null {
  const inWindow = windowCondition(expressions.timestampUs, filter);
  const conditions = inWindow === null ? [] : [inWindow];
  for (const column of ['userId', 'videoId'] as const) {
    const id = filter.only?.[column];
    if (id !== undefined) conditions.push(`${expressions[column]} = ${quoteText(id)}`);
  }
  return conditions.length === 0 ? null : conditions.join(' AND ');
}
