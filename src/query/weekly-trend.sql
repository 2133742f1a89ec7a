-- Week by week: users who began a video, new ones among them, and how those videos were watched.
-- $video = null: one videoId; all videos where it is not given
-- $limit = 26: weeks to show, the latest
--
-- A row of engagement counts in the week of its first watch, with all of its hours, even those of later visits.
-- newUsers had not watched anything (of the chosen videos) before. Weeks begin on Monday, UTC.
WITH begun AS (
  SELECT *, date_trunc('week', firstWatchDate)::DATE AS week,
    firstWatchDate = min(firstWatchDate) OVER (PARTITION BY userId) AS isFirst
  FROM engagement
  WHERE $video::VARCHAR IS NULL OR videoId = $video::VARCHAR
)
SELECT
  week,
  count(DISTINCT userId) AS users,
  count(DISTINCT userId) FILTER (isFirst) AS newUsers,
  count(*) AS videosBegun,
  round(sum(totalWatchTime) / 3600, 1) AS watchHours,
  round(avg(coalesce(uniqueWatchPercentage, watchPercentage)), 1) AS avgWatchedPercent,
  round(100 * avg(isCompletedAtLeastOnce::INTEGER), 1) AS completedPercent,
  round(avg(engagementScore), 1) AS avgScore
FROM begun
GROUP BY week
ORDER BY week DESC
LIMIT $limit;
