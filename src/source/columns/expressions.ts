import { quoteText } from '../../sql-text.ts';
import type { ColumnValue } from './paths.ts';
import { type TimestampReading, timestampExpression } from './timestamps.ts';

/** SQL over the columns of one file. */
export class ValueExpressions {
  /** The paths that are read from each JSON text, so that one call parses it once for all of them. */
  private readonly jsonPaths = new Map<string, string[]>();

  constructor(values: readonly ColumnValue[]) {
    for (const { sql, jsonPath } of values) {
      const paths = this.jsonPaths.get(sql) ?? [];
      if (jsonPath !== null && !paths.includes(jsonPath)) this.jsonPaths.set(sql, [...paths, jsonPath]);
    }
  }

  /** VARCHAR: the first of `values` that is not null; of several, also the first that is not empty. */
  text(values: readonly ColumnValue[]): string {
    const texts = values.map((value) =>
      value.type === 'VARCHAR' ? this.sqlOf(value) : `CAST(${this.sqlOf(value)} AS VARCHAR)`,
    );
    return texts.length === 1
      ? texts[0]!
      : `coalesce(${texts.map((text) => `nullif(${text}, '')`).join(', ')})`;
  }

  /** DOUBLE: seconds. */
  seconds(values: readonly ColumnValue[]): string {
    return coalesce(values.map((value) => secondsExpression(this.sqlOf(value), value.type)));
  }

  /** BIGINT: microseconds since 1970-01-01 UTC. */
  timestampUs(values: readonly ColumnValue[], reading: TimestampReading): string {
    return coalesce(values.map((value) => timestampExpression(this.sqlOf(value), value.type, reading)));
  }

  private sqlOf({ sql, jsonPath }: ColumnValue): string {
    if (jsonPath === null) return sql;
    const paths = this.jsonPaths.get(sql)!;
    // TRY: text that is no JSON is a missing value, not an error.
    if (paths.length === 1) return `TRY(json_extract_string(${sql}, ${quoteText(jsonPath)}))`;
    const list = paths.map((path) => quoteText(path)).join(', ');
    return `TRY(json_extract_string(${sql}, [${list}]))[${paths.indexOf(jsonPath) + 1}]`;
  }
}

function coalesce(expressions: readonly string[]): string {
  return expressions.length === 1 ? expressions[0]! : `coalesce(${expressions.join(', ')})`;
}

const NUMBER = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DECIMAL\(.*\)|BIGNUM)$/;

function secondsExpression(sql: string, type: string): string {
  if (type === 'DOUBLE') return sql;
  if (NUMBER.test(type)) return `CAST(${sql} AS DOUBLE)`;
  if (type === 'VARCHAR' || type === 'JSON') return `TRY_CAST(trim(CAST(${sql} AS VARCHAR)) AS DOUBLE)`;
  return 'NULL::DOUBLE';
}
