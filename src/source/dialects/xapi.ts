import type { Dialect } from './dialect.ts';

const VIDEO = 'https://w3id.org/xapi/video';
const resultExtension = (name: string): string => `result.extensions."${VIDEO}/extensions/${name}"`;

/**
 * xAPI statements of the video profile, one a line. `seeked` says where from and where to. `completed` means that
 * enough was watched, wherever the playhead is: it is an end, and what is watched after it without another
 * `played` does not count. A video session is the profile's session-id, else the registration.
 */
export const xapi: Dialect = {
  name: 'xapi',
  title: 'xAPI statements of the video profile',
  specification: 'https://w3id.org/xapi/video',
  signs: [['actor', 'verb', 'object']],
  columns: {
    timestamp: ['timestamp', 'stored'],
    userId: ['actor.account.name', 'actor.mbox', 'actor.mbox_sha1sum', 'actor.openid'],
    sessionId: [`context.extensions."${VIDEO}/extensions/session-id"`, 'context.registration'],
    videoId: ['object.id'],
    eventName: ['verb.id'],
    currentTime: [resultExtension('time'), resultExtension('time-to')],
    fromTime: [resultExtension('time-from')],
  },
  eventNames: {
    play: [`${VIDEO}/verbs/played`, 'http://activitystrea.ms/schema/1.0/play'],
    pause: [
      `${VIDEO}/verbs/paused`,
      'http://id.tincanapi.com/verb/paused',
      'http://adlnet.gov/expapi/verbs/terminated',
    ],
    seek: [`${VIDEO}/verbs/seeked`],
    end: ['http://adlnet.gov/expapi/verbs/completed', 'http://activitystrea.ms/schema/1.0/complete'],
  },
  otherEvents: ['http://adlnet.gov/expapi/verbs/initialized', 'http://adlnet.gov/expapi/verbs/interacted'],
};
