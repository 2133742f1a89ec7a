import type { Dialect } from './dialect.ts';

/**
 * Tracking logs of Open edX: a JSON line an event of every kind, of which few are of the video player. `event`
 * is JSON text from browsers and an object from mobile apps and servers. The name `stop_video` means that the
 * end was reached. Mobile apps send no session; their rows are invalid unless `--columns sessionId=` names
 * something that stands for one. Page and problem events have no video and are counted as missing_video.
 */
export const edx: Dialect = {
  name: 'edx',
  title: 'Open edX tracking logs',
  specification:
    'https://docs.openedx.org/en/latest/developers/references/internal_data_formats/tracking_logs.html',
  signs: [['event_type', 'event_source', 'event']],
  columns: {
    timestamp: ['time'],
    userId: ['context.user_id', 'username'],
    sessionId: ['session'],
    videoId: ['event.id'],
    eventName: ['event_type'],
    currentTime: ['event.currentTime', 'event.current_time', 'event.new_time'],
    fromTime: ['event.old_time'],
  },
  eventNames: {
    play: ['play_video', 'edx.video.played'],
    pause: ['pause_video', 'edx.video.paused'],
    seek: ['seek_video', 'edx.video.position.changed'],
    end: ['stop_video', 'edx.video.stopped'],
  },
  otherEvents: [
    'load_video',
    'edx.video.loaded',
    'speed_change_video',
    'hide_transcript',
    'show_transcript',
    'edx.video.transcript.hidden',
    'edx.video.transcript.shown',
    'edx.video.closed_captions.hidden',
    'edx.video.closed_captions.shown',
    'video_hide_cc_menu',
    'video_show_cc_menu',
    'edx.video.language_menu.hidden',
    'edx.video.language_menu.shown',
  ],
};
