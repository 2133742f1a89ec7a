import type { RecordName } from '../../kernel/records.ts';
import type { OutputColumn } from '../engagement-sql.ts';
import { partitionKeysOf, writePartitioned } from '../write.ts';
import type { TableInput } from './output-table.ts';

/** The table function that gives the records of one kind. */
export const recordTable = (name: RecordName): string => `playfold_${name}`;

/**
 * Writes one row a record, with the ids of its user and video as users.id and durations.id, in the partitions of
 * the run by the record's own first timestamp.
 */
export function writeRecords(
  { database, folder, settings, records }: TableInput,
  name: RecordName,
  columns: readonly OutputColumn[],
): Promise<void> {
  return writePartitioned(database, folder, {
    ...settings,
    rowCount: records.get(name)?.rowCount ?? 0,
    partitionKeys: partitionKeysOf(`${recordTable(name)}()`),
    sql: ({ partition = null, condition = null }) => {
      const all = partition === null ? columns : [...columns, partition];
      return `SELECT ${all.map(([column, sql]) => `${sql} AS "${column}"`).join(', ')}
        FROM ${recordTable(name)}() AS records
        LEFT JOIN users ON users.hash = userHash LEFT JOIN durations ON durations.hash = videoHash
        ${condition === null ? '' : `WHERE ${condition}`}`;
    },
  });
}
