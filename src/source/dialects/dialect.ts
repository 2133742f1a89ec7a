import type { EventColumn } from '../columns/names.ts';
import type { ClassName } from '../event-classes.ts';

/**
 * How one kind of player or tracker writes its events. A dialect is plain data: paths as users write them after
 * `--columns name=`, and names of events.
 */
export interface Dialect {
  readonly name: string;
  /** What `check` says it is. */
  readonly title: string;
  /** Where the format is specified. */
  readonly specification: string;
  /** A file is of this dialect when it has all paths of one of these lists. Never recognised where there are none. */
  readonly signs: readonly (readonly string[])[];
  /**
   * The paths of a column: of each row, the first that holds a value counts, so what a row means does not depend
   * on other rows. Columns that are not named here are found by their name.
   */
  readonly columns: Partial<Readonly<Record<EventColumn, readonly string[]>>>;
  /** Event names beyond the default ones. */
  readonly eventNames: Partial<Readonly<Record<ClassName, readonly string[]>>>;
  /** Events that the format knows and that say nothing of watching; they are counted as unknown_event. */
  readonly otherEvents: readonly string[];
  /** strptime formats of timestamps that are not ISO-8601. */
  readonly timestampFormats?: readonly string[];
}
