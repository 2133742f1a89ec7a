-- The users who watch longest: videos, visits, hours, completions and mean score.
-- $limit = 20: users to show
--
-- Look at --ready suspicious as well before giving them a prize: robots watch long too.
SELECT
  userId,
  count(*) AS videos,
  sum(sessionCount)::BIGINT AS sessions,
  round(sum(totalWatchTime) / 3600, 2) AS watchHours,
  sum(isCompletedAtLeastOnce::INTEGER)::BIGINT AS videosCompleted,
  round(avg(engagementScore), 1) AS avgScore,
  min(firstWatchDate)::DATE AS firstDay,
  max(lastWatchDate)::DATE AS lastDay
FROM engagement
GROUP BY userId
ORDER BY sum(totalWatchTime) DESC, userId
LIMIT $limit;
