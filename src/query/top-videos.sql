-- The videos watched longest: viewers, hours, share watched, completions.
-- $limit = 10: videos to show
--
-- A viewer is a row of engagement: one user and one video. Hours count replays; averages and rates are over viewers.
SELECT
  videoId,
  any_value(videoTitle) AS title,
  count(*) AS viewers,
  round(sum(totalWatchTime) / 3600, 1) AS watchHours,
  round(avg(coalesce(uniqueWatchPercentage, watchPercentage)), 1) AS avgWatchedPercent,
  round(100 * avg(isCompletedAtLeastOnce::INTEGER), 1) AS completedPercent,
  round(100 * avg(isReplay::INTEGER), 1) AS returnedPercent,
  round(avg(engagementScore), 1) AS avgScore
FROM engagement
GROUP BY videoId
ORDER BY sum(totalWatchTime) DESC, videoId
LIMIT $limit;
