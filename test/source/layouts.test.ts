import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../dist/config/schema.js';
import { runPipeline } from '../../dist/pipeline.js';
import { resolveOptions } from '../../dist/run-options.js';
import { quoteText } from '../../src/duckdb.ts';
import type { ClassName } from '../../src/source/event-classes.ts';
import { temporaryFolder, withDatabase, writeText } from '../built-cli.ts';

const folder = temporaryFolder();

/** A valid event, in a form that every layout can say: whole seconds in winter, eighths of a second of video. */
interface PlainEvent {
  readonly second: number;
  readonly user: string;
  readonly session: string;
  readonly video: string;
  readonly event: ClassName;
  readonly position: number;
  /** Of seeks only. */
  readonly from: number | null;
}

const START_MS = Date.UTC(2026, 0, 31, 22);
const isoOf = ({ second }: PlainEvent): string => new Date(START_MS + second * 1000).toISOString();
const epochOf = ({ second }: PlainEvent): number => START_MS / 1000 + second;

function plainEvents(classes: readonly ClassName[], withFrom: boolean): fc.Arbitrary<PlainEvent[]> {
  const position = fc.integer({ min: 0, max: 4000 }).map((step) => step / 8);
  const event = fc
    .record({
      second: fc.integer({ min: 0, max: 8000 }),
      user: fc.constantFrom('ann', 'bob', "o'neil, jr", '"q"', 'ж\\ü'),
      session: fc.constantFrom('s1', 's2'),
      video: fc.constantFrom('v1', 'v2', 'v.3'),
      event: fc.constantFrom(...classes),
      position,
      from: fc.option(position),
    })
    .map((one) => ({ ...one, from: withFrom && one.event === 'seek' ? one.from : null }));
  return fc.array(event, { minLength: 100, maxLength: 150 });
}

type Row = Record<string, unknown>;

const ownRow = (one: PlainEvent): Row => ({
  timestamp: isoOf(one),
  userId: one.user,
  sessionId: one.session,
  videoId: one.video,
  eventName: one.event,
  currentTime: one.position,
  fromTime: one.from,
});

let files = 0;

function writeNdjson(rows: readonly Row[]): string {
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  return writeText(join(folder, `${++files}.ndjson`), lines);
}

function writeCsv(rows: readonly Row[]): string {
  const quote = (value: unknown): string =>
    value === null || value === undefined ? '' : `"${String(value).replaceAll('"', '""')}"`;
  const names = Object.keys(rows[0]!);
  const lines = rows.map((row) => names.map((name) => quote(row[name])).join(','));
  return writeText(join(folder, `${++files}.csv`), [names.map(quote).join(','), ...lines, ''].join('\n'));
}

/** Parquet of the plain columns, changed by a SELECT over them. */
async function writeParquet(events: readonly PlainEvent[], select: string): Promise<string> {
  const rows = writeNdjson(events.map((one) => ({ ...one, ts: isoOf(one) })));
  const path = join(folder, `${++files}.parquet`);
  const columns =
    "{second: 'BIGINT', user: 'VARCHAR', session: 'VARCHAR', video: 'VARCHAR', event: 'VARCHAR', position: 'DOUBLE', \"from\": 'DOUBLE', ts: 'TIMESTAMPTZ'}";
  await withDatabase((database) =>
    database.run(
      `COPY (SELECT ${select} FROM read_json(${quoteText(rows)}, columns = ${columns})) TO ${quoteText(path)}`,
    ),
  );
  return path;
}

const IDS = 'user AS userId, session AS sessionId, video AS videoId, event AS eventName';
const POSITIONS = 'position AS currentTime, "from" AS fromTime';
const withTimestamp = (timestamp: string): string => `${timestamp} AS timestamp, ${IDS}, ${POSITIONS}`;
const EPOCH_S = '(epoch_us(ts) // 1000000)';

interface Layout {
  readonly name: string;
  readonly write: (events: readonly PlainEvent[]) => string | Promise<string>;
  readonly config?: ConfigInput;
}

const parquet = (name: string, select: string, config: ConfigInput = {}): Layout => ({
  name,
  write: (events) => writeParquet(events, select),
  config,
});
const ndjson = (name: string, toRow: (one: PlainEvent) => Row, config: ConfigInput = {}): Layout => ({
  name,
  write: (events) => writeNdjson(events.map(toRow)),
  config,
});
const csv = (name: string, toRow: (one: PlainEvent) => Row, config: ConfigInput = {}): Layout => ({
  name,
  write: (events) => writeCsv(events.map(toRow)),
  config,
});

const properties = (one: PlainEvent): Row => ({
  userId: one.user,
  sessionId: one.session,
  videoId: one.video,
  currentTime: String(one.position),
  ...(one.from === null ? {} : { fromTime: String(one.from) }),
});

const anyLayout: readonly Layout[] = [
  csv('CSV', ownRow),
  csv('common names in CSV', (one) => ({
    EVENT_TIME: isoOf(one),
    uid: one.user,
    session: one.session,
    content_id: one.video,
    event_type: one.event,
    playhead: one.position,
    old_time: one.from,
  })),
  ndjson(
    'odd names, configured',
    (one) => ({
      a: isoOf(one),
      'b c': one.user,
      'd.e': one.session,
      f: one.video,
      g: one.event,
      h: one.position,
      i: one.from,
    }),
    {
      columns: {
        timestamp: 'a',
        userId: 'b c',
        sessionId: 'd.e',
        videoId: 'f',
        eventName: 'g',
        currentTime: 'h',
        fromTime: 'i',
      },
    },
  ),
  ndjson('objects in NDJSON', (one) => ({
    ts: epochOf(one),
    user: { id: one.user },
    event: one.event,
    properties: { session_id: one.session, video_id: one.video, position: one.position, from_time: one.from },
  })),
  parquet(
    'structs',
    `ts AS timestamp, event AS eventName, {'id': user} AS "user", {'sessionId': session, 'videoId': video, 'position': position, 'fromTime': "from"} AS props`,
  ),
  parquet(
    'a struct, configured',
    `ts AS timestamp, event AS eventName, user AS userId, {'a b': {'s': session, 'v': video}} AS x, [position] AS list, "from" AS fromTime`,
    { columns: { sessionId: 'x."a b".s', videoId: 'x.a b.v', currentTime: 'list[0]' } },
  ),
  parquet(
    'a map',
    `ts AS timestamp, event AS eventName, ${POSITIONS}, map {'u': user, 's': session, 'v': video} AS props`,
    { columns: { userId: 'props.u', sessionId: 'props.s', videoId: 'props.v' } },
  ),
  parquet(
    'JSON text in Parquet, found by itself',
    `ts AS timestamp, event AS eventName, user AS userId, to_json({'sessionId': session, 'videoId': video, 'position': position, 'fromTime': "from"})::VARCHAR AS payload`,
  ),
  csv(
    'JSON text in CSV, configured',
    (one) => ({
      when: epochOf(one) * 1000,
      body: JSON.stringify({ ids: [one.user, one.session], e: ownRow(one) }),
    }),
    {
      columns: {
        timestamp: 'when',
        userId: 'body.ids[0]',
        sessionId: 'body.ids[1]',
        videoId: 'body.e.videoId',
        eventName: 'body.e.eventName',
        currentTime: 'body.e.currentTime',
        fromTime: 'body.e.fromTime',
      },
    },
  ),
  parquet('TIMESTAMP', withTimestamp(`ts::TIMESTAMP`)),
  parquet('TIMESTAMP_S', withTimestamp(`ts::TIMESTAMP::TIMESTAMP_S`)),
  parquet('TIMESTAMP_MS', withTimestamp(`ts::TIMESTAMP::TIMESTAMP_MS`)),
  parquet('TIMESTAMP_NS', withTimestamp(`ts::TIMESTAMP::TIMESTAMP_NS`)),
  parquet('local TIMESTAMP', withTimestamp(`timezone('Europe/Berlin', ts)`), { timezone: 'Europe/Berlin' }),
  parquet('local TIMESTAMP_NS', withTimestamp(`timezone('Asia/Kolkata', ts)::TIMESTAMP_NS`), {
    timezone: 'Asia/Kolkata',
  }),
  parquet('local text', withTimestamp(`strftime(timezone('America/New_York', ts), '%Y-%m-%dT%H:%M:%S')`), {
    timezone: 'America/New_York',
  }),
  parquet(
    'text with a zone, whatever the local one',
    withTimestamp(`strftime(ts::TIMESTAMP, '%Y-%m-%d %H:%M:%S+00:00')`),
    { timezone: 'Europe/Berlin' },
  ),
  parquet('epoch seconds', withTimestamp(EPOCH_S)),
  parquet('epoch seconds as DOUBLE', withTimestamp(`${EPOCH_S}::DOUBLE`)),
  parquet('epoch milliseconds', withTimestamp(`${EPOCH_S} * 1000`), { timestampUnit: 'ms' }),
  parquet('epoch microseconds as text', withTimestamp(`(${EPOCH_S} * 1000000)::VARCHAR`)),
  parquet(
    'integer positions beside double ones',
    `ts AS timestamp, ${IDS}, position::DECIMAL(18, 3) AS currentTime, "from"::FLOAT AS fromTime`,
  ),
  ndjson('customEvents with an object', (one) => ({
    timestamp: isoOf(one),
    name: `video_${one.event}`,
    customDimensions: properties(one),
    user_Id: 'anonymous',
    session_Id: 'of the SDK',
  })),
  csv('customEvents with JSON text', (one) => ({
    'timestamp [UTC]': new Date(epochOf(one) * 1000).toLocaleString('en-US', { timeZone: 'UTC' }),
    name: one.event,
    customDimensions: JSON.stringify(properties(one)),
    user_Id: 'anonymous',
  })),
  ndjson('AppEvents', (one) => ({
    TimeGenerated: isoOf(one),
    Name: one.event,
    Properties: properties(one),
    UserId: 'anonymous',
    SessionId: 'of the SDK',
    Type: 'AppEvents',
  })),
];

const VIDEO_PROFILE = 'https://w3id.org/xapi/video';
const VERBS: Partial<Record<ClassName, string>> = {
  play: `${VIDEO_PROFILE}/verbs/played`,
  pause: `${VIDEO_PROFILE}/verbs/paused`,
  seek: `${VIDEO_PROFILE}/verbs/seeked`,
  end: 'http://adlnet.gov/expapi/verbs/completed',
};
const EDX_NAMES: Partial<Record<ClassName, string>> = {
  play: 'play_video',
  pause: 'pause_video',
  seek: 'seek_video',
  end: 'stop_video',
};

function xapiStatement(one: PlainEvent): Row {
  const at = (name: string): string => `${VIDEO_PROFILE}/extensions/${name}`;
  const isSeek = one.event === 'seek' && one.from !== null;
  return {
    id: `${one.second}`,
    actor: { objectType: 'Agent', account: { homePage: 'https://lms.example', name: one.user } },
    verb: { id: VERBS[one.event], display: { en: one.event } },
    object: { objectType: 'Activity', id: one.video },
    context: { registration: 'r', extensions: { [at('session-id')]: one.session } },
    result: {
      extensions: isSeek
        ? { [at('time-from')]: one.from, [at('time-to')]: one.position }
        : { [at('time')]: one.position },
    },
    timestamp: isoOf(one),
  };
}

function edxEvent(one: PlainEvent): Row {
  const times =
    one.event === 'seek' ? { old_time: one.from, new_time: one.position } : { currentTime: one.position };
  return {
    username: one.user,
    event_type: EDX_NAMES[one.event],
    event_source: 'browser',
    session: one.session,
    time: isoOf(one),
    event: JSON.stringify({ id: one.video, code: 'html5', ...times }),
    context: { user_id: '', course_id: 'course-v1:X+Y+Z' },
  };
}

const seekLayouts: readonly Layout[] = [ndjson('xAPI', xapiStatement), ndjson('edX', edxEvent)];

const SNOWPLOW_NAMES: Partial<Record<ClassName, string>> = {
  play: 'play_event',
  pause: 'pause_event',
  seek: 'seek_end_event',
  end: 'end_event',
  progress: 'ping_event',
};
const HTML_NAMES: Partial<Record<ClassName, string>> = {
  play: 'play',
  pause: 'pause',
  seek: 'seeked',
  end: 'ended',
  progress: 'timeupdate',
};
const nameBy = (names: Partial<Record<ClassName, string>>): string =>
  `CASE event ${Object.entries(names)
    .map(([event, name]) => `WHEN ${quoteText(event)} THEN ${quoteText(name!)}`)
    .join(' ')} END`;

const playerLayouts: readonly Layout[] = [
  ndjson('Snowplow as JSON', (one) => ({
    collector_tstamp: '2020-01-01T00:00:00Z',
    derived_tstamp: isoOf(one),
    event_name: SNOWPLOW_NAMES[one.event],
    user_id: one.user,
    domain_userid: 'cookie',
    domain_sessionid: 'of the site',
    contexts_com_snowplowanalytics_snowplow_media_player_2: [{ currentTime: one.position, label: one.video }],
    contexts_com_snowplowanalytics_snowplow_media_session_1: [{ mediaSessionId: one.session }],
  })),
  parquet(
    'Snowplow in a lake',
    `ts::TIMESTAMP AS derived_tstamp, ${nameBy(SNOWPLOW_NAMES)} AS event_name, NULL::VARCHAR AS user_id, user AS domain_userid,
     session AS domain_sessionid, [{'current_time': position, 'label': video}] AS contexts_com_snowplowanalytics_snowplow_media_player_2`,
  ),
  parquet(
    'Snowplow with the first schemas',
    `ts AS derived_tstamp, 'media_player_event' AS event_name, user AS user_id, session AS domain_sessionid,
     [{'current_time': position}] AS contexts_com_snowplowanalytics_snowplow_media_player_1,
     {'type': ${nameBy(HTML_NAMES)}, 'label': video} AS unstruct_event_com_snowplowanalytics_snowplow_media_player_event_1`,
  ),
  ndjson('HTML5', (one) => ({
    type: HTML_NAMES[one.event],
    currentTime: one.position,
    currentSrc: one.video,
    userId: one.user,
    sessionId: one.session,
    timestamp: epochOf(one) * 1000,
  })),
];

async function hashOf(input: string, config: ConfigInput = {}): Promise<string> {
  const out = join(folder, `out-${++files}`);
  const options = { inputs: [input], out, threads: 1, memory: '512MB', partitionBy: 'none', config };
  const { events, contentHash } = await runPipeline(resolveOptions(options));
  expect(events).toMatchObject({ invalid: 0 });
  return contentHash;
}

function sameHash(layouts: readonly Layout[], classes: readonly ClassName[], withFrom: boolean): void {
  const [events] = fc.sample(plainEvents(classes, withFrom), { numRuns: 1, seed: 20260105 });
  const expected = hashOf(writeNdjson(events!.map(ownRow)));
  it.each(layouts.map((layout) => [layout.name, layout] as const))('%s', async (_, { write, config }) => {
    expect(await hashOf(await write(events!), config)).toBe(await expected);
  });
}

describe('the same events give the same content hash in every layout:', () => {
  sameHash(anyLayout, ['play', 'resume', 'pause', 'seek', 'end', 'progress'], true);
  sameHash(seekLayouts, ['play', 'pause', 'seek', 'end'], true);
  sameHash(playerLayouts, ['play', 'pause', 'seek', 'end', 'progress'], false);
});

describe('files of several layouts in one run', () => {
  it('give what one file of them all gives', async () => {
    const [events] = fc.sample(plainEvents(['play', 'pause', 'seek', 'end'], true), { numRuns: 1, seed: 7 });
    const mixed = join(folder, 'mixed');
    const writers = [ownRow, xapiStatement, edxEvent];
    for (const [i, toRow] of writers.entries()) {
      const lines = events!.filter((_, k) => k % 3 === i).map((one) => `${JSON.stringify(toRow(one))}\n`);
      writeText(join(mixed, `${i}.ndjson`), lines.join(''));
    }
    expect(await hashOf(mixed)).toBe(await hashOf(writeNdjson(events!.map(ownRow))));
  });

  it('may lack fromTime in old ones, and hold integer positions', async () => {
    const rows = [
      { second: 0, user: 'u', session: 's', video: 'v', event: 'play', position: 0, from: null },
      { second: 30, user: 'u', session: 's', video: 'v', event: 'seek', position: 100, from: 30 },
      { second: 60, user: 'u', session: 's', video: 'v', event: 'end', position: 130, from: null },
    ] as const;
    const mixed = join(folder, 'old-and-new');
    const old = await writeParquet(
      rows.slice(0, 1),
      `ts AS timestamp, ${IDS}, position::INTEGER AS currentTime`,
    );
    const recent = await writeParquet(rows.slice(1), withTimestamp('ts'));
    await withDatabase(async (database) => {
      for (const [i, path] of [old, recent].entries()) {
        writeText(join(mixed, 'README'), '');
        await database.run(
          `COPY (FROM read_parquet(${quoteText(path)})) TO ${quoteText(join(mixed, `${i}.parquet`))}`,
        );
      }
    });
    expect(await hashOf(mixed)).toBe(await hashOf(writeNdjson(rows.map(ownRow))));
  });
});
