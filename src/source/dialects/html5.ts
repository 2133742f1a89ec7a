import type { Dialect } from './dialect.ts';

/**
 * Events of HTMLMediaElement as a page sends them: the event's `type` and the element's `currentTime` and
 * `currentSrc`, with ids and a time of the page's own. `seeking` and `seeked` both come after currentTime was
 * set, so neither says where the seek left from: `seeked` is the seek and `seeking` is left out. `playing` also
 * follows each stall and is left out beside `play`.
 */
export const html5: Dialect = {
  name: 'html5',
  title: 'events of the HTML media element, sent as they are',
  specification: 'https://html.spec.whatwg.org/multipage/media.html#mediaevents',
  signs: [
    ['type', 'currentTime', 'currentSrc'],
    ['type', 'currentTime', 'src'],
  ],
  columns: {
    eventName: ['type'],
    videoId: ['videoId', 'currentSrc', 'src'],
    currentTime: ['currentTime'],
  },
  eventNames: {},
  otherEvents: [
    'seeking',
    'playing',
    'waiting',
    'stalled',
    'suspend',
    'abort',
    'emptied',
    'error',
    'loadstart',
    'loadedmetadata',
    'loadeddata',
    'canplay',
    'canplaythrough',
    'durationchange',
    'ratechange',
    'volumechange',
    'resize',
  ],
};
