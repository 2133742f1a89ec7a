-- How viewers spread over the engagement tiers, and what each tier is like.
-- $video = null: one videoId; all videos where it is not given
--
-- A viewer is a row of engagement: one user and one video.
SELECT
  engagementTier AS tier,
  count(*) AS viewers,
  round(100 * count(*) / sum(count(*)) OVER (), 1) AS percent,
  count(DISTINCT userId) AS users,
  round(sum(totalWatchTime) / 3600, 1) AS watchHours,
  round(avg(engagementScore), 1) AS avgScore,
  round(avg(coalesce(uniqueWatchPercentage, watchPercentage)), 1) AS avgWatchedPercent,
  round(100 * avg(isCompletedAtLeastOnce::INTEGER), 1) AS completedPercent
FROM engagement
WHERE $video::VARCHAR IS NULL OR videoId = $video::VARCHAR
GROUP BY engagementTier
ORDER BY list_position(['High', 'Medium', 'Low', 'Minimal'], engagementTier);
