-- Where viewers of one video stop for good, in steps of so many seconds.
-- $video = null: the videoId; the video with the most viewers where it is not given
-- $bucket = 30: seconds of video in a step
--
-- A viewer stops at the end of the last range that was watched (at the largest position of any event where runs leave
-- out unique seconds). Somebody who completed the video at least once did not stop.
-- stillWatching: viewers who had not stopped when the step began. stoppedPercent: of those, how many stopped in it.
WITH chosen AS (
  SELECT videoId
  FROM engagement
  WHERE $video::VARCHAR IS NULL OR videoId = $video::VARCHAR
  GROUP BY videoId
  ORDER BY count(*) DESC, videoId
  LIMIT 1
), viewers AS (
  SELECT
    isCompletedAtLeastOnce AS completed,
    coalesce(watchedRanges[-1]."end", CASE WHEN watchedRanges IS NULL THEN maxPositionReached ELSE 0 END) AS lastSecond,
    videoDuration
  FROM engagement
  JOIN chosen USING (videoId)
), steps AS (
  SELECT unnest(range(0, 1 + floor(max(greatest(if(completed, 0, lastSecond), coalesce(videoDuration, lastSecond) - 1e-6)) / $bucket)::BIGINT)) AS step
  FROM viewers
)
SELECT
  (SELECT videoId FROM chosen) AS videoId,
  step * $bucket AS fromSeconds,
  (step + 1) * $bucket AS toSeconds,
  count(*) FILTER (completed OR lastSecond >= step * $bucket) AS stillWatching,
  count(*) FILTER (NOT completed AND floor(lastSecond / $bucket) = step) AS stopped,
  coalesce(round(100 * stopped / nullif(stillWatching, 0), 1), 0) AS stoppedPercent
FROM steps, viewers
GROUP BY step
ORDER BY step;
