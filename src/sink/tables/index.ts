import type { RecordName } from '../../kernel/records.ts';
import { TABLE_NAMES, type TableName } from './names.ts';
import type { OutputTable } from './output-table.ts';
import { retention } from './retention.ts';
import { segments } from './segments.ts';
import { sessions } from './sessions.ts';
import { videos } from './videos.ts';

/** The tables beside engagement: a new one is a file here, its name in names.ts and a place in this list. */
const TABLES: Readonly<Record<Exclude<TableName, 'engagement'>, OutputTable>> = {
  videos,
  sessions,
  retention,
  segments,
};

/** The tables beside engagement that are wanted, each once. */
export function tablesOf(wanted: readonly TableName[]): OutputTable[] {
  return TABLE_NAMES.flatMap((name) =>
    name !== 'engagement' && wanted.includes(name) ? [TABLES[name]] : [],
  );
}

/** What the fold must record for the tables. */
export function recordsOf(wanted: readonly TableName[]): RecordName[] {
  return [...new Set(tablesOf(wanted).flatMap(({ records }) => records))];
}
