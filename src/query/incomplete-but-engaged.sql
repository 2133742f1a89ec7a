-- Viewers who saw half of a video or more and left before 95 % of it: they may like a reminder.
-- $video = null: one videoId; all videos where it is not given
-- $limit = 50: viewers to show, those nearest to the end first
--
-- Rows whose figures are in doubt (dataQualityFlag is not ok) are left out.
SELECT
  userId,
  videoId,
  videoTitle AS title,
  coalesce(uniqueWatchPercentage, watchPercentage) AS watchedPercent,
  round(maxPositionReached, 1) AS furthestSecond,
  round(videoDuration - maxPositionReached, 1) AS secondsLeft,
  sessionCount AS sessions,
  engagementTier AS tier,
  lastWatchDate::DATE AS lastDay
FROM engagement
WHERE NOT isCompletedAtLeastOnce
  AND completionPercentage < 95
  AND coalesce(uniqueWatchPercentage, watchPercentage) >= 50
  AND dataQualityFlag = 'ok'
  AND ($video::VARCHAR IS NULL OR videoId = $video::VARCHAR)
ORDER BY watchedPercent DESC, userId, videoId
LIMIT $limit;
