import type { Dialect } from './dialect.ts';

const PLAYER_2 = 'contexts_com_snowplowanalytics_snowplow_media_player_2[0]';
const PLAYER_1 = 'contexts_com_snowplowanalytics_snowplow_media_player_1[0]';
const SESSION = 'contexts_com_snowplowanalytics_snowplow_media_session_1[0]';
const EVENT_1 = 'unstruct_event_com_snowplowanalytics_snowplow_media_player_event_1';

/**
 * Snowplow's enriched events with the media entities, as loaders write them: Parquet of a lake (snake_case fields)
 * or JSON (camelCase). The first schemas have one event, media_player_event, with a type; the second an event a
 * kind. Seeks say where they lead to, not where from; `seek_start_event` is left out, because players differ in
 * which of the two positions it carries. A video is known by its label, else by its player's id.
 */
export const snowplow: Dialect = {
  name: 'snowplow',
  title: 'Snowplow enriched events with the media player entities',
  specification: 'https://docs.snowplow.io/docs/events/ootb-data/media-events',
  signs: [
    ['event_name', 'contexts_com_snowplowanalytics_snowplow_media_player_2'],
    ['event_name', 'contexts_com_snowplowanalytics_snowplow_media_player_1'],
  ],
  columns: {
    timestamp: ['derived_tstamp', 'collector_tstamp'],
    userId: ['user_id', 'domain_userid', 'network_userid'],
    sessionId: [`${SESSION}.media_session_id`, `${SESSION}.mediaSessionId`, 'domain_sessionid'],
    videoId: [
      `${PLAYER_2}.label`,
      `${EVENT_1}.label`,
      'contexts_com_youtube_youtube_1[0].player_id',
      'contexts_com_youtube_youtube_1[0].playerId',
      'contexts_org_whatwg_media_element_1[0].html_id',
      'contexts_org_whatwg_media_element_1[0].htmlId',
    ],
    eventName: [`${EVENT_1}.type`, 'event_name'],
    currentTime: [
      `${PLAYER_2}.current_time`,
      `${PLAYER_2}.currentTime`,
      `${PLAYER_1}.current_time`,
      `${PLAYER_1}.currentTime`,
    ],
  },
  eventNames: {
    play: ['play_event'],
    pause: ['pause_event'],
    end: ['end_event'],
    seek: ['seek_end_event'],
    progress: ['ping_event', 'percent_progress_event', 'percentprogress'],
  },
  otherEvents: [
    'ready',
    'ready_event',
    'seek_start_event',
    'buffer_start_event',
    'buffer_end_event',
    'quality_change_event',
    'playback_rate_change_event',
    'volume_change_event',
    'fullscreen_change_event',
    'picture_in_picture_change_event',
    'error_event',
  ],
};
