/** One raw input row, as a player would send it. */
export interface SampleEvent {
  /** ISO-8601, UTC. */
  readonly timestamp: string | null;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly videoId: string | null;
  readonly eventName: string | null;
  /** Seconds of video. */
  readonly currentTime: number | null;
  readonly fromTime: number | null;
}

/** A scenario of SPEC.md section 7, with a user of its own: all of them fit one file. */
export interface Scenario {
  /** The number in SPEC.md. */
  readonly id: string;
  readonly title: string;
  readonly userId: string;
  readonly events: readonly SampleEvent[];
}

export interface SampleVideo {
  readonly videoId: string;
  readonly duration: number;
  readonly title: string;
}

export const sampleVideos: readonly SampleVideo[] = [
  { videoId: 'video_001', duration: 300, title: 'Introduction' },
  { videoId: 'video_002', duration: 600, title: 'Fractions in ten minutes' },
  { videoId: 'video_003', duration: 180, title: 'A short history of zero' },
];

const EVENT_NAMES: Readonly<Record<string, string>> = {
  P: 'video_play',
  Z: 'video_pause',
  R: 'video_resume',
  E: 'video_end',
  S: 'video_seek',
  G: 'video_progress',
};

const VIDEO_IDS: Readonly<Record<string, string>> = { v1: 'video_001', v2: 'video_002', v3: 'video_003' };

/** `P0@10`: play at position 0, 10 s after the start; `S30>200@30` seeks; `/user`, `/video` leave the id out. */
const TOKEN = /^([PZRESG])(?:([\d.]+)>)?(-?[\d.]+)@(-?[\d.]+)(?:\/(user|video))?$/;

/** Events of one session in SPEC.md's notation. */
function session(video: string, start: string, notation: string, name = 's1') {
  return (userId: string): SampleEvent[] =>
    notation.split(' ').map((token) => {
      const [, kind = '', from, position, seconds, missing] = TOKEN.exec(token) ?? [];
      return {
        timestamp: new Date(Date.parse(start) + Math.round(Number(seconds) * 1000)).toISOString(),
        userId: missing === 'user' ? null : userId,
        sessionId: `${userId}-${name}`,
        videoId: missing === 'video' ? null : (VIDEO_IDS[video] ?? video),
        eventName: EVENT_NAMES[kind] ?? null,
        currentTime: Number(position),
        fromTime: from === undefined ? null : Number(from),
      };
    });
}

type Sessions = readonly ((userId: string) => SampleEvent[])[];

function scenario(id: string, title: string, userId: string, ...sessions: Sessions): Scenario {
  return { id, title, userId, events: sessions.flatMap((make) => make(userId)) };
}

const everyTenSeconds = Array.from({ length: 12 }, (_, i) => `G${(i + 1) * 10}@${(i + 1) * 10}`).join(' ');

/** SPEC.md section 7, in its order; scenario 5 is the worked example of section 6. */
export const scenarios: readonly Scenario[] = [
  scenario('1', 'watched in one go', 'alice', session('v1', '2026-01-05T09:00:00Z', 'P0@0 E300@300')),
  scenario(
    '2',
    'a pause of five minutes',
    'bilal',
    session('v1', '2026-01-05T10:00:00Z', 'P0@0 Z60@60 R60@360 E300@600'),
  ),
  scenario('3', 'closed after a resume', 'chen', session('v1', '2026-01-06T10:00:00Z', 'P0@0 Z45@45 R45@50')),
  scenario(
    '4',
    'skipped ahead to the end',
    'dana',
    session('v2', '2026-01-06T11:00:00Z', 'P0@0 Z30@30 R300@32 E360@92'),
  ),
  scenario(
    '5',
    'the worked example',
    'peter',
    session('v1', '2026-01-15T10:00:00Z', 'P0@0 Z30@30 R30@35 Z120@125 R110@130 Z120@140'),
  ),
  scenario(
    '6',
    'came back the next day',
    'emeka',
    session('v3', '2026-01-07T18:00:00Z', 'P0@0 Z60@60', 's1'),
    session('v3', '2026-01-08T18:00:00Z', 'P0@0 E180@180', 's2'),
  ),
  scenario(
    '7',
    'two videos in one session',
    'fatima',
    session('v1', '2026-01-09T08:00:00Z', 'P0@0 E300@300'),
    session('v2', '2026-01-09T08:06:00Z', 'P0@0 E300@300'),
  ),
  scenario('8', 'eight seconds', 'goran', session('v1', '2026-01-10T08:00:00Z', 'P0@0 Z8@8')),
  scenario(
    '9',
    'pauses and skips both ways',
    'hana',
    session('v2', '2026-01-11T08:00:00Z', 'P0@0 Z60@60 R60@65 Z180@185 R300@190 Z360@250 R200@255 E600@715'),
  ),
  scenario(
    '9b',
    'the same with an end that comes too soon',
    'ivan',
    session('v2', '2026-01-11T09:00:00Z', 'P0@0 Z60@60 R60@65 Z180@185 R300@190 Z360@250 R200@255 E600@345'),
  ),
  scenario('10', 'only the ends', 'jun', session('v1', '2026-01-12T08:00:00Z', 'P0@0 Z5@5 R295@6 E300@11')),
  scenario(
    '11',
    'an event sent twice',
    'kofi',
    session('v1', '2026-01-13T08:00:00Z', 'P0@0 Z30@30 Z30@30 R30@35 E90@95'),
  ),
  scenario(
    '12',
    'events out of order',
    'lena',
    session('v1', '2026-01-14T08:00:00Z', 'R30@35 E90@95 P0@0 Z30@30'),
  ),
  scenario(
    '13',
    'rows without user or video',
    'maria',
    session('v1', '2026-01-16T08:00:00Z', 'P0@0 Z30@30/user R30@35/video E90@95'),
  ),
  scenario(
    '14',
    'a negative position',
    'noor',
    session('v1', '2026-01-17T08:00:00Z', 'P0@0 Z-10@30 R0@35 E60@95'),
  ),
  scenario(
    '15',
    'a position far behind the end',
    'olga',
    session('v1', '2026-01-18T08:00:00Z', 'P0@0 Z9999@5'),
  ),
  scenario(
    '16',
    'tenths of a second',
    'priya',
    session('v1', '2026-01-19T08:00:00Z', 'P0@0 Z0.1@0.1 R0.1@0.2 Z0.2@0.3'),
  ),
  scenario(
    '17',
    'five hours between two events',
    'quinn',
    session('v1', '2026-02-01T08:00:00Z', 'P0@0 Z30@30 R30@18030 E90@18090'),
  ),
  scenario(
    '18',
    'two sessions, six hours apart',
    'rosa',
    session('v1', '2026-02-02T08:00:00Z', 'P0@0 Z60@60', 's1'),
    session('v1', '2026-02-02T14:00:00Z', 'P0@0 E120@120', 's2'),
  ),
  scenario('19', 'across midnight', 'sam', session('v1', '2026-02-03T23:58:00Z', 'P0@0 E240@240')),
  scenario('20', 'paused behind the end', 'tariq', session('v1', '2026-02-04T08:00:00Z', 'P0@0 Z350@60')),
  scenario('21', 'paused where it started', 'uma', session('v1', '2026-02-05T08:00:00Z', 'P50@0 Z50@5')),
  scenario('22', 'began with a resume', 'viktor', session('v1', '2026-02-06T08:00:00Z', 'R50@0 Z110@60')),
  scenario('23', 'began with a pause', 'wanda', session('v1', '2026-02-07T08:00:00Z', 'Z30@0 R30@5 E90@65')),
  scenario('24', 'a play and nothing more', 'xavier', session('v1', '2026-02-08T08:00:00Z', 'P0@0')),
  scenario(
    '25',
    'three plays in a row',
    'yuki',
    session('v1', '2026-02-09T08:00:00Z', 'P0@0 P5@5 P10@10 E60@60'),
  ),
  scenario('26', 'watched at double speed', 'zoe', session('v1', '2026-02-10T08:00:00Z', 'P0@0 E300@150')),
  scenario(
    '27',
    'progress events and no end',
    'amir',
    session('v1', '2026-03-01T08:00:00Z', `P0@0 ${everyTenSeconds}`),
  ),
  scenario(
    '28',
    'a seek that says where from',
    'bruno',
    session('v1', '2026-03-02T08:00:00Z', 'P0@0 S30>200@30 Z250@80'),
  ),
  scenario(
    '29',
    'three sessions that overlap',
    'carla',
    session('v1', '2026-03-03T08:00:00Z', 'P0@0 Z100@100', 's1'),
    session('v1', '2026-03-04T08:00:00Z', 'P20@0 Z50@30', 's2'),
    session('v1', '2026-03-05T08:00:00Z', 'P60@0 Z80@20', 's3'),
  ),
];
