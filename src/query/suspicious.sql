-- Users whose events can hardly be right: more watched than the clock allows, ends without a watch.
-- $limit = 20: users to show, those with the most implausible videos first
--
-- very_short_watch and unknown_duration are left out: they say nothing about honesty. What each flag means is in the
-- README; playfold explain shows the events behind one row.
SELECT
  userId,
  count(*) AS flaggedVideos,
  count(*) FILTER (list_contains(dataQualityFlags, 'implausible_segment')) AS implausibleSegment,
  count(*) FILTER (list_contains(dataQualityFlags, 'excessive_watch_time')) AS excessiveWatchTime,
  count(*) FILTER (list_contains(dataQualityFlags, 'position_exceeds_duration')) AS positionExceedsDuration,
  count(*) FILTER (list_contains(dataQualityFlags, 'completed_without_sufficient_watch')) AS completedWithoutWatch,
  sum(rejectedSegmentCount)::BIGINT AS rejectedSegments,
  round(sum(totalWatchTime) / 3600, 2) AS watchHours,
  max_by(videoId, rejectedSegmentCount) AS worstVideoId
FROM engagement
WHERE list_has_any(dataQualityFlags, ['implausible_segment', 'excessive_watch_time', 'position_exceeds_duration',
  'completed_without_sufficient_watch'])
GROUP BY userId
ORDER BY implausibleSegment + excessiveWatchTime + positionExceedsDuration DESC, flaggedVideos DESC, rejectedSegments DESC, userId
LIMIT $limit;
