import type { Dialect } from './dialect.ts';

/** One column a value, with the names of SPEC.md section 1 or common spellings of them. */
export const playfold: Dialect = {
  name: 'playfold',
  title: 'one column a value: timestamp, userId, sessionId, videoId, eventName, currentTime, fromTime',
  specification: 'SPEC.md section 1',
  signs: [],
  columns: {},
  eventNames: {},
  otherEvents: [],
};
