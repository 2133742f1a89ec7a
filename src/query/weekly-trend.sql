-- Week by week: users who began a video, new ones among them, and how those videos were watched.
-- $video = null: one videoId; all videos where it is not given
-- $limit = 26: weeks to show, the latest
--
-- A row of engagement counts in the week of its first watch, with all of its hours, even those of later visits.
-- newUsers had not watched anything (of the chosen videos) before. Weeks begin on Monday, UTC.
WITH begun AS (
  -- UTC, whatever the time zone of the session
  SELECT *, date_trunc('week', make_timestamp(epoch_us(firstWatchDate)))::DATE AS week
  FROM engagement
  WHERE $video::VARCHAR IS NULL OR videoId = $video::VARCHAR
), viewers AS (
  SELECT min(week) AS firstWeek, unnest(list_distinct(list(week))) AS week
  FROM begun
  GROUP BY userId
), counted AS (
  SELECT week, count(*) AS users, count(*) FILTER (week = firstWeek) AS newUsers
  FROM viewers
  GROUP BY week
)
SELECT
  week,
  any_value(users) AS users,
  any_value(newUsers) AS newUsers,
  count(*) AS videosBegun,
  round(sum(totalWatchTime) / 3600, 1) AS watchHours,
  round(avg(coalesce(uniqueWatchPercentage, watchPercentage)), 1) AS avgWatchedPercent,
  round(100 * avg(isCompletedAtLeastOnce::INTEGER), 1) AS completedPercent,
  round(avg(engagementScore), 1) AS avgScore
FROM begun JOIN counted USING (week)
GROUP BY week
ORDER BY week DESC
LIMIT $limit;
