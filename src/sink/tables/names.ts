/** The tables, in the order in which they are written: engagement always is. */
export const TABLE_NAMES = ['engagement', 'videos', 'sessions', 'retention', 'segments'] as const;
export type TableName = (typeof TABLE_NAMES)[number];
