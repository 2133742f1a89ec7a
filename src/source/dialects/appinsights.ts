import type { Dialect } from './dialect.ts';

/** Custom properties are spelled as the application likes: camelCase, snake_case and PascalCase are looked up. */
function inProperties(...names: readonly string[]): string[] {
  return ['customDimensions', 'Properties'].flatMap((column) =>
    names.flatMap((name) => {
      const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      const pascal = `${name[0]!.toUpperCase()}${name.slice(1)}`;
      return [...new Set([name, snake, pascal])].map((key) => `${column}.${key}`);
    }),
  );
}

/**
 * Azure Application Insights: the table customEvents as queried or exported, and AppEvents, its form in a Log
 * Analytics workspace (data export and diagnostic settings write it as JSON lines). What the application sent
 * stands in the properties, all as text; the ids that the SDK collects come second: an authenticated user before
 * an anonymous one. The portal's CSV writes times as `3/15/2026, 10:27:18.123 AM` below `timestamp [UTC]`.
 */
export const appinsights: Dialect = {
  name: 'appinsights',
  title: 'Azure Application Insights: customEvents, or AppEvents of a Log Analytics workspace',
  specification: 'https://learn.microsoft.com/azure/azure-monitor/reference/tables/appevents',
  signs: [
    ['name', 'customDimensions'],
    ['TimeGenerated', 'Name', 'Properties'],
    ['TimeGenerated [UTC]', 'Name', 'Properties'],
    ['time', 'resourceId', 'Name', 'Properties'],
  ],
  columns: {
    timestamp: ['timestamp', '"timestamp [UTC]"', 'TimeGenerated', '"TimeGenerated [UTC]"', 'time'],
    userId: [...inProperties('userId'), 'user_AuthenticatedId', 'UserAuthenticatedId', 'user_Id'],
    sessionId: [...inProperties('sessionId'), 'session_Id'],
    videoId: inProperties('videoId', 'contentId', 'mediaId'),
    eventName: ['name'],
    currentTime: inProperties('currentTime', 'position', 'playhead'),
    fromTime: inProperties('fromTime'),
  },
  eventNames: {},
  otherEvents: [],
  timestampFormats: ['%m/%d/%Y, %I:%M:%S.%f %p', '%m/%d/%Y, %I:%M:%S %p'],
};
