/**
 * Field widths, class ranks and status codes of the kernel's ABI: bare integers, because tsc and asc both
 * compile this file. The README describes the ABI; a change to any value here is a new ABI_VERSION.
 */
export const ABI_VERSION = 7;

// Event classes in the tie order of SPEC.md section 2: equal timestamps sort by this rank.
export const CLASS_PAUSE = 0;
export const CLASS_END = 1;
export const CLASS_SEEK = 2;
export const CLASS_PLAY = 3;
export const CLASS_RESUME = 4;
export const CLASS_PROGRESS = 5;
export const CLASS_BITS = 3;

// Not events: what a session's last visit left behind at a horizon, for a later fold to go on from. One or two of
// them stand before the session's events. An opener: the time and position at which watching started. A visit: the
// time of its last event; in place of a position CARRIED_ flags and, above them, closedAt + 1 in microseconds or 0.
export const CLASS_CARRIED_OPENER = 6;
export const CLASS_CARRIED_VISIT = 7;
export const CARRIED_LAST_WAS_END = 1;
export const CARRIED_SEGMENT_GROWS = 2;
export const CARRIED_HAS_END = 4;
export const CARRIED_FLAG_BITS = 3;

// Reasons for an invalid row, in the order in which SPEC.md section 1 tests them.
export const INVALID_TIMESTAMP = 0;
export const INVALID_USER = 1;
export const INVALID_SESSION = 2;
export const INVALID_VIDEO = 3;
export const INVALID_EVENT = 4;
export const INVALID_POSITION = 5;
export const INVALID_REASON_COUNT = 6;

// Why the scan wants the text of a row (bits of the flag that scanPush leaves for each row).
export const TEXT_OF_USER = 1;
export const TEXT_OF_VIDEO = 2;
export const TEXT_OF_EVENT_NAME = 4;
// Above those bits, where SCAN_MARK_INVALID asks for it: 1 + the reason for which the row is invalid.
export const FLAG_REASON_SHIFT = 4;

// What a function returns instead of a count.
export const STATUS_ROUND_FULL = -1;
export const STATUS_BAD_ARGUMENT = -2;
export const STATUS_NOT_ASCENDING = -3; // a pair came twice: a bug, since grouping brings equal pairs together

// Widths in bytes.
export const CHUNK_ROWS = 2048; // one vector of DuckDB
export const FRAGMENT_BYTES = 32; // user, video, session hash: u64; event count: u32; free: u32
export const EVENT_BYTES = 16; // timestampUs << 3 | class: i64; positionUs: i64
export const NARROW_EVENT_BYTES = 8; // time since the earliest of a round, position and class
export const EVENT_FROM_BYTES = 24; // and fromUs + 1: i64, 0 when absent
export const NAME_BYTES = 24; // hash: u64; class, or NAME_UNKNOWN: u32; used: u32; rows of an unknown name: u64
export const NAME_SLOTS = 1024; // a power of two; at most half are filled
export const NAME_UNKNOWN = 8;
export const SEEN_WAYS = 4; // entries in one 64-byte line of a seen-set
export const SEEN_BYTES = 16; // hash: u64; check: u64, another hash of the same text
export const TIMESTAMP_BITS = 60; // and a sign: what is left of 64 beside the class; SPEC years end in 294247, these in 38503
export const POSITION_LIMIT_SECONDS = 10000000;

// The plan of a scan: u32 slots from its pointer on, pointers unless named otherwise.
export const SCAN_USER = 0; // input columns, CHUNK_ROWS each
export const SCAN_VIDEO = 1;
export const SCAN_SESSION = 2;
export const SCAN_NAME = 3;
export const SCAN_TIMESTAMP = 4;
export const SCAN_POSITION = 5;
export const SCAN_FROM = 6;
export const SCAN_TIMESTAMP_VALID = 7; // bitmaps, CHUNK_ROWS bits each
export const SCAN_POSITION_VALID = 8;
export const SCAN_FROM_VALID = 9;
export const SCAN_FLAGS = 10; // output, a byte a row
export const SCAN_NAMES = 11; // NAME_SLOTS entries of NAME_BYTES
export const SCAN_COUNTERS = 12; // u64: rows read, then one for each invalid reason
export const SCAN_SEEN_USERS = 13; // lines of SEEN_WAYS entries
export const SCAN_SEEN_USER_LINES = 14; // a power of two
export const SCAN_SEEN_VIDEOS = 15;
export const SCAN_SEEN_VIDEO_LINES = 16; // a power of two
export const SCAN_TABLE = 17; // u32 slots: fragment index + 1
export const SCAN_TABLE_SLOTS = 18; // a power of two, at least twice the round
export const SCAN_FRAGMENTS = 19; // of the round, in order of appearance
export const SCAN_EVENT_FRAGMENT = 20; // u32: the fragment of each event
export const SCAN_EVENTS = 21; // of the round, in input order
export const SCAN_ROUND_ROWS = 22; // a count
export const SCAN_BIN_BITS = 23; // a count: leading bits of the user hash that tell bins apart
export const SCAN_CURSORS = 24; // u32: where the next event of each fragment goes
export const SCAN_OUT_FRAGMENT_OFFSETS = 25; // i32, bins + 2: the last slot is scratch
export const SCAN_OUT_EVENT_OFFSETS = 26; // i32, bins + 2: the last slot is scratch
export const SCAN_OUT_FRAGMENTS = 27;
export const SCAN_OUT_EVENTS = 28;
export const SCAN_EVENT_STRIDE = 29; // EVENT_BYTES or EVENT_FROM_BYTES
export const SCAN_NULL_HASH = 30; // u64[2]: what DuckDB's hash gives for null and for empty text
export const SCAN_STATE = 31; // u32[4]: fragments and events in the round so far; scratch
export const SCAN_NEW_ROWS = 32; // u32, CHUNK_ROWS: rows of the chunk that began a fragment
export const SCAN_USER_CHECK = 33; // input column: a second hash of the user's text
export const SCAN_KEPT_ROWS = 34; // u32, CHUNK_ROWS: the valid rows of the chunk
export const SCAN_KEPT_SLOTS = 35; // u32, CHUNK_ROWS: where they belong in SCAN_TABLE
export const SCAN_MARK_INVALID = 36; // 0 or 1
export const SCAN_SLOTS = 37;

// The plan of a fold: u32 slots from its pointer on.
export const FOLD_FRAGMENTS = 0; // input: the pieces of a partition, each in the order of its bins
export const FOLD_EVENTS = 1; // input, in the order of the fragments
export const FOLD_SORTED_FRAGMENTS = 2; // of one bin
export const FOLD_SORTED_EVENTS = 3;
export const FOLD_BUCKETS = 4; // u32, 2 ^ FOLD_BUCKET_BITS + 1
export const FOLD_BUCKET_BITS = 5; // a count
export const FOLD_BIN_BITS = 6; // a count: leading bits of the user hash that all fragments of a bin share
export const FOLD_SEGMENTS = 7; // i64[2] a credited segment of the pair at hand
export const FOLD_EVENT_STRIDE = 8; // EVENT_BYTES or EVENT_FROM_BYTES
export const FOLD_WITH_RANGES = 9; // 0 or 1
export const FOLD_THRESHOLDS = 10; // i64[7], below
export const FOLD_RANGE_STARTS = 11; // f64 seconds
export const FOLD_RANGE_ENDS = 12;
export const FOLD_RANGE_OFFSETS = 13; // i32, rows + 1
export const FOLD_RANGE_COUNT = 14; // output: a count
export const FOLD_RUNS = 15; // u32[2] for each bin and piece: where its fragments and its events begin
export const FOLD_BIN_COUNT = 16; // a count; FOLD_RUNS has one bin more, which begins where the last one ends
export const FOLD_SCRATCH = 17; // room for the fragments or the events of the largest bin
export const FOLD_TOUCHED = 18; // scratch
export const FOLD_COLUMNS = 19; // the first of the output columns, ROW_COLUMNS pointers

// Thresholds of the fold, in this order (SPEC.md section 3).
export const THRESHOLD_MAX_SEGMENT_US = 0;
export const THRESHOLD_RATE_PER_MILLE = 1;
export const THRESHOLD_TOLERANCE_US = 2;
export const THRESHOLD_FORWARD_SKIP_US = 3;
export const THRESHOLD_BACKWARD_SKIP_US = 4;
export const THRESHOLD_SESSION_TIMEOUT_US = 5;
export const THRESHOLD_HORIZON_US = 6; // with FOLD_WITH_CARRIED: events to come are not older
export const THRESHOLD_COUNT = 7;

// Output columns of the fold: first those of 8 bytes, then those of 4.
export const ROW_USER = 0;
export const ROW_VIDEO = 1;
export const ROW_WATCH = 2;
export const ROW_UNIQUE = 3;
export const ROW_MAX_POSITION = 4;
export const ROW_MAX_CREDITED_END = 5;
export const ROW_SESSION_DURATION = 6;
export const ROW_FIRST_TIMESTAMP = 7;
export const ROW_LAST_TIMESTAMP = 8;
export const ROW_SESSIONS = 9;
export const ROW_PAUSES = 10;
export const ROW_FORWARD_SKIPS = 11;
export const ROW_BACKWARD_SKIPS = 12;
export const ROW_REPLAYS = 13;
export const ROW_COMPLETIONS = 14;
export const ROW_EVENTS = 15;
export const ROW_DUPLICATES = 16;
export const ROW_SEGMENTS = 17;
export const ROW_REJECTED = 18;
export const ROW_UNCLOSED = 19;
export const ROW_COLUMNS = 20;
export const ROW_WIDE_COLUMNS = 9; // how many of them have 8 bytes

// Records: further outputs of the fold, each made only where the first of its column pointers is not 0. Of each,
// first the columns of 8 bytes, then those of 4; the slot before the pointers is the count of records, an output.
export const FOLD_RECORD_SCRATCH = 39; // i64[4] an event of the largest bin: 0 where nothing is recorded
export const FOLD_VISITS = 40; // one record a visit
export const FOLD_VISIT_COLUMNS = 41; // VISIT_COLUMNS pointers
export const FOLD_PLAYS = 60; // one record a credited segment
export const FOLD_PLAY_COLUMNS = 61; // PLAY_COLUMNS pointers
export const FOLD_BUCKET_VIEWS = 69; // words of 4 bytes: how often a pair saw each bucket of a known video
export const FOLD_BUCKET_VIEW_COLUMNS = 70; // one pointer
export const FOLD_POSITION_VIEWS = 71; // words of 8 bytes: how often a pair saw each moment of another video
export const FOLD_POSITION_VIEW_COLUMNS = 72; // one pointer
export const FOLD_STEPS = 73; // one record an event: what it did
export const FOLD_STEP_COLUMNS = 74; // STEP_COLUMNS pointers
export const FOLD_CARRIED_FRAGMENTS = 92; // output: FOLD_STEP_COLUMNS + STEP_COLUMNS
export const FOLD_CARRIED_EVENTS = 93; // output
export const FOLD_CARRIED_FRAGMENT_COUNT = 94; // output: counts
export const FOLD_CARRIED_EVENT_COUNT = 95;
export const FOLD_WITH_CARRIED = 96; // 0 or 1
export const FOLD_VIDEO_HASHES = 97; // input, for FOLD_BUCKET_VIEWS: u64 a video whose buckets are known
export const FOLD_VIDEO_BUCKET_COUNTS = 98; // u16 a video: at most MAX_BUCKETS
export const FOLD_VIDEO_BUCKET_US = 99; // f64 a video: the length of MAX_BUCKETS buckets
export const FOLD_VIDEO_PLACES = 100; // i32 a place of a hash table: which video, or -1; see video-buckets.ts
export const FOLD_VIDEO_PLACE_COUNT = 101; // a power of two, or 0 where no video is known
export const FOLD_SLOTS = 102;

export const VISIT_USER = 0;
export const VISIT_VIDEO = 1;
export const VISIT_SESSION = 2;
export const VISIT_FIRST_TIMESTAMP = 3;
export const VISIT_LAST_TIMESTAMP = 4;
export const VISIT_WATCH = 5;
export const VISIT_UNIQUE = 6;
export const VISIT_MAX_POSITION = 7;
export const VISIT_NUMBER = 8; // from 1 within the session
export const VISIT_PAUSES = 9;
export const VISIT_FORWARD_SKIPS = 10;
export const VISIT_BACKWARD_SKIPS = 11;
export const VISIT_REPLAYS = 12;
export const VISIT_COMPLETED = 13; // 0 or 1
export const VISIT_EVENTS = 14;
export const VISIT_DUPLICATES = 15;
export const VISIT_SEGMENTS = 16;
export const VISIT_REJECTED = 17;
export const VISIT_UNCLOSED = 18;
export const VISIT_COLUMNS = 19;
export const VISIT_WIDE_COLUMNS = 8;

export const PLAY_USER = 0;
export const PLAY_VIDEO = 1;
export const PLAY_SESSION = 2;
export const PLAY_START = 3; // positions
export const PLAY_END = 4;
export const PLAY_FIRST_TIMESTAMP = 5; // wall times
export const PLAY_LAST_TIMESTAMP = 6;
export const PLAY_VISIT = 7; // the VISIT_NUMBER it belongs to
export const PLAY_COLUMNS = 8;
export const PLAY_WIDE_COLUMNS = 7;

// Views of one pair: a word that says which video, by its number in FOLD_VIDEO_HASHES or by its hash; then steps that
// ascend. A step is a word: the place (a bucket, or a position in microseconds) from which on the pair saw the video
// so many times, and above it these times. The last step of a pair is negative, and of 0 times.
export const BUCKET_BITS = 10;
export const POSITION_BITS = 44;
export const TIMES_BITS = 12;
export const TIMES_BEHIND = 4095; // these times or more: the next word says how many
export const MAX_BUCKETS = 600; // of a long video; one of up to so many seconds has a bucket a second

export const STEP_USER = 0;
export const STEP_VIDEO = 1;
export const STEP_SESSION = 2;
export const STEP_WORD = 3; // timestampUs << 3 | class
export const STEP_POSITION = 4;
export const STEP_FROM = 5; // -1: absent, here and in the next three
export const STEP_OPEN = 6; // where and when watching had started before the event
export const STEP_OPEN_TIMESTAMP = 7;
export const STEP_CLOSED = 8; // where it had last stopped, unless by an end
export const STEP_CREDITED = 9; // microseconds of video
export const STEP_VISIT = 10;
export const STEP_DUPLICATE = 11; // 0 or 1
export const STEP_REJECTED = 12;
export const STEP_UNCLOSED = 13;
export const STEP_FORWARD_SKIPS = 14;
export const STEP_BACKWARD_SKIPS = 15;
export const STEP_REPLAYS = 16;
export const STEP_LEFT_OPEN = 17; // 1 for the last event of a visit that nothing closed
export const STEP_COLUMNS = 18;
export const STEP_WIDE_COLUMNS = 10;
