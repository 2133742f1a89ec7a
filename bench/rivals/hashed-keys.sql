-- The whole job of SPEC.md as one DuckDB script, over 64-bit hashes of the ids, which are not joined back.
-- {{events}}, {{videos}} and {{out}} are filled in by bench/rivals.ts. For input without fromTime.
-- A session whose opener was left behind by a timeout and that then goes on with progress events alone would need
-- a recursive query to be split as SPEC.md says; the generated lake has none.

CREATE TEMP TABLE pairs AS
WITH raw AS (
  SELECT hash(userId) AS userKey, hash(videoId) AS videoKey, hash(sessionId) AS sessionKey, epoch_us(timestamp) AS t,
    -- pause 0, end 1, seek 2, play 3, resume 4, progress 5: SPEC.md'sessionKey order of ties
    CASE lower(trim(eventName))
      WHEN 'video_pause' THEN 0 WHEN 'pause' THEN 0 WHEN 'paused' THEN 0 WHEN 'video_stop' THEN 0 WHEN 'stop' THEN 0
      WHEN 'stopped' THEN 0 WHEN 'terminated' THEN 0
      WHEN 'video_end' THEN 1 WHEN 'video_ended' THEN 1 WHEN 'end' THEN 1 WHEN 'ended' THEN 1
      WHEN 'video_complete' THEN 1 WHEN 'complete' THEN 1 WHEN 'completed' THEN 1
      WHEN 'video_seek' THEN 2 WHEN 'seek' THEN 2 WHEN 'seeked' THEN 2 WHEN 'video_seeked' THEN 2
      WHEN 'video_play' THEN 3 WHEN 'play' THEN 3 WHEN 'played' THEN 3 WHEN 'video_start' THEN 3 WHEN 'start' THEN 3
      WHEN 'video_resume' THEN 4 WHEN 'resume' THEN 4
      WHEN 'video_progress' THEN 5 WHEN 'progress' THEN 5 WHEN 'timeupdate' THEN 5 WHEN 'heartbeat' THEN 5
      WHEN 'video_heartbeat' THEN 5 WHEN 'ping' THEN 5
    END::TINYINT AS c,
    CAST(round(currentTime * 1e6) AS BIGINT) AS p
  FROM read_parquet('{{events}}')
  WHERE timestamp IS NOT NULL AND userId <> '' AND sessionId <> '' AND videoId <> ''
    AND currentTime >= 0 AND currentTime <= 1e7
), ordered AS (
  SELECT userKey, videoKey, sessionKey, t, c, p, lag(t) OVER w AS pt, lag(c) OVER w AS pc, lag(p) OVER w AS pp,
    -- the last event that opened or closed
    last_value(CASE WHEN c IN (0, 1, 3, 4) THEN c END IGNORE NULLS) OVER before AS state
  FROM raw WHERE c IS NOT NULL
  WINDOW w AS (PARTITION BY userKey, videoKey, sessionKey ORDER BY t, c, p),
    before AS (PARTITION BY userKey, videoKey, sessionKey ORDER BY t, c, p ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), judged AS (
  SELECT *, coalesce(pt = t AND pc = c AND pp = p, false) AS duplicate,
    coalesce(state >= 3, false) AND c NOT IN (2, 3, 4) AS closes,
    p - pp > 0 AND p - pp <= 14400000000 AND (p - pp - 5000000) <= (t - pt) * 2 AS plausible
  FROM ordered
), split AS (
  SELECT *, pt IS NULL OR (t - pt > 1800000000 AND NOT (closes AND plausible)) AS starts FROM judged
), placed AS (
  SELECT *,
    -- what came last in this visit: its start, or an end
    last_value(CASE WHEN c = 1 THEN 1 WHEN starts THEN 0 END IGNORE NULLS) OVER before AS lastEnd,
    -- what closed last in this visit, by position and whether it was an end; null right after a visit began
    last_value(CASE WHEN c <= 2 THEN p * 2 + (c = 1)::BIGINT WHEN starts THEN -1 END IGNORE NULLS) OVER before AS closed,
    lead(starts) OVER w AS nextStarts
  FROM split WHERE NOT duplicate
  WINDOW w AS (PARTITION BY userKey, videoKey, sessionKey ORDER BY t, c, p),
    before AS (PARTITION BY userKey, videoKey, sessionKey ORDER BY t, c, p ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), acted AS (
  SELECT *,
    closes AND plausible AND NOT starts AS credited,
    closes AND NOT plausible AND p <> pp AND NOT starts AS rejects,
    coalesce(state >= 3, false) AND NOT starts AS wasOpen,
    CASE WHEN c IN (2, 3, 4) AND NOT starts AND NOT coalesce(state >= 3, false) AND closed >= 0 AND closed % 2 = 0
      THEN p - closed // 2 END AS jump,
    c >= 3 AND c <= 4 AND NOT starts AND NOT coalesce(state >= 3, false) AND closed >= 0 AND closed % 2 = 1 AS replays
  FROM placed
)
SELECT userKey, videoKey,
  coalesce(sum(p - pp) FILTER (credited), 0)::BIGINT AS watchUs,
  max(p) AS maxPositionUs, coalesce(max(p) FILTER (credited), 0) AS maxCreditedEndUs,
  count_if(starts) AS sessionCount, coalesce(sum(t - pt) FILTER (NOT starts), 0)::BIGINT AS sessionDurationUs,
  count_if(c = 0) AS pauseCount, count(*) FILTER (jump > 5000000) AS forwardSkipCount, count(*) FILTER (jump < -2000000) AS backwardSkipCount,
  count_if(replays) AS replayCount, count_if(c = 1 AND (starts OR lastEnd = 0)) AS completionCount,
  min(t) AS firstTimestampUs, max(t) AS lastTimestampUs, count(*) AS eventCount,
  count_if(credited AND NOT (pc = 5 AND pp <> p)) AS segmentCount, count_if(rejects) AS rejectedCount,
  count_if(c IN (2, 3, 4) AND wasOpen)
    + count_if((nextStarts IS NULL OR nextStarts) AND (c IN (3, 4) OR (c IN (2, 5) AND wasOpen))) AS unclosedCount,
  list({'a': pp, 'b': p} ORDER BY pp) FILTER (credited) AS segments
FROM acted GROUP BY userKey, videoKey;

CREATE TEMP TABLE unions AS
WITH segment AS (SELECT userKey, videoKey, unnest(segments, recursive := true) FROM pairs WHERE segments IS NOT NULL),
covered AS (
  SELECT userKey, videoKey, a, b, max(b) OVER (PARTITION BY userKey, videoKey ORDER BY a, b ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
  FROM segment
), islands AS (
  SELECT userKey, videoKey, a, b, count_if(until IS NULL OR a > until) OVER (PARTITION BY userKey, videoKey ORDER BY a, b RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
  FROM covered
), ranges AS (SELECT userKey, videoKey, min(a) AS a, max(b) AS b FROM islands GROUP BY userKey, videoKey, island)
SELECT userKey, videoKey, sum(b - a)::BIGINT AS uniqueUs, list({'start': a / 1e6, 'end': b / 1e6} ORDER BY a) AS ranges
FROM ranges GROUP BY userKey, videoKey;

CREATE TEMP TABLE durations AS
SELECT videoKey, listed.title AS title, coalesce(listed.duration, estimate) AS D, listed.duration IS NOT NULL AS isListed
FROM (SELECT videoKey, nullif(max(maxCreditedEndUs), 0) / 1e6 AS estimate FROM pairs GROUP BY videoKey)
LEFT JOIN read_parquet('{{videos}}') AS listed ON hash(listed.videoId) = videoKey;

COPY (
  WITH measured AS (
    SELECT pairs.*, title, D, isListed, watchUs / 1e6 AS W, coalesce(uniqueUs, 0) / 1e6 AS U, maxPositionUs / 1e6 AS M,
      coalesce(ranges, []) AS ranges, forwardSkipCount + backwardSkipCount AS skips
    FROM pairs LEFT JOIN unions USING (userKey, videoKey) JOIN durations USING (videoKey)
  ), rated AS (
    SELECT *, round(1e2 * W / D * 100) / 100 AS watchPercentage,
      CASE WHEN U > D THEN 1e2 ELSE round(1e2 * U / D * 100) / 100 END AS uniqueWatchPercentage,
      round(greatest(0e0, 5e1 * least(1e0, U / D) + 3e1 * least(1e0, M / D) + 2e1 * least(1e0, W / D)
        - least(2e1, 2e0 * skips)) * 100) / 100 AS score
    FROM measured
  ), flagged AS (
    SELECT *, list_filter([
      CASE WHEN isListed AND M > D + 1e0 THEN 'position_exceeds_duration' END,
      CASE WHEN W > 1.2e0 * D * sessionCount THEN 'excessive_watch_time' END,
      CASE WHEN completionCount > 0 AND uniqueWatchPercentage < 7.5e1 THEN 'completed_without_sufficient_watch' END,
      CASE WHEN rejectedCount > 0 THEN 'implausible_segment' END,
      CASE WHEN W < 1e1 THEN 'very_short_watch' END,
      CASE WHEN D IS NULL THEN 'unknown_duration' END], flag -> flag IS NOT NULL) AS flags
    FROM rated
  )
  SELECT userKey AS userId, videoKey AS videoId, title AS videoTitle, D AS videoDuration,
    CASE WHEN isListed THEN 'metadata' WHEN D IS NOT NULL THEN 'estimated' ELSE 'unknown' END AS durationSource,
    W AS totalWatchTime, U AS totalUniqueSecondsWatched, M AS maxPositionReached, watchPercentage,
    CASE WHEN M > D THEN 1e2 ELSE round(1e2 * M / D * 100) / 100 END AS completionPercentage, uniqueWatchPercentage,
    sessionCount, W / sessionCount AS avgWatchTimePerSession, sessionDurationUs / 1e6 / sessionCount AS avgSessionDuration,
    pauseCount AS totalPauses, pauseCount / sessionCount AS avgPausesPerSession, forwardSkipCount AS totalForwardSkips,
    backwardSkipCount AS totalBackwardSkips, replayCount, completionCount, completionCount > 0 AS isCompletedAtLeastOnce,
    sessionCount > 1 AS isReplay, score AS engagementScore,
    CASE WHEN D IS NULL THEN 'Minimal' WHEN score >= 75 THEN 'High' WHEN score >= 50 THEN 'Medium' WHEN score >= 25 THEN 'Low'
      ELSE 'Minimal' END AS engagementTier,
    make_timestamptz(firstTimestampUs) AS firstWatchDate, make_timestamptz(lastTimestampUs) AS lastWatchDate, eventCount,
    segmentCount, rejectedCount AS rejectedSegmentCount, unclosedCount AS unclosedSegmentCount,
    coalesce(flags[1], 'ok') AS dataQualityFlag, flags AS dataQualityFlags, ranges AS watchedRanges,
    strftime(make_timestamp(firstTimestampUs), '%Y-%m') AS firstWatchMonth
  FROM flagged
) TO '{{out}}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARTITION_BY (firstWatchMonth));
