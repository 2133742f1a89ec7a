/** Output columns: `columns` points at u32 pointers, one a column; `row` counts from 0. */

export function wide(columns: usize, column: usize, row: usize, value: i64): void {
  store<i64>(<usize>load<u32>(columns + (column << 2)) + (row << 3), value);
}

export function narrow(columns: usize, column: usize, row: usize, value: i32): void {
  store<i32>(<usize>load<u32>(columns + (column << 2)) + (row << 2), value);
}
