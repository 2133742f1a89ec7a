-- How many viewers come how far: started, 25, 50, 75, 95 %, and an end event.
-- $video = null: one videoId; all videos where it is not given
--
-- reached goes by the furthest position, which a skip ahead moves too; watched goes by the share of the video that was
-- really seen. Viewers of videos without a known duration have no share and are left out.
WITH viewers AS (
  SELECT
    completionPercentage AS reached,
    coalesce(uniqueWatchPercentage, watchPercentage) AS watched,
    isCompletedAtLeastOnce AS completed
  FROM engagement
  WHERE videoDuration IS NOT NULL AND ($video::VARCHAR IS NULL OR videoId = $video::VARCHAR)
), steps AS (
  SELECT * FROM (VALUES (1, 'started', 0), (2, '25 %', 25), (3, '50 %', 50), (4, '75 %', 75), (5, '95 %', 95)) AS t(place, step, percent)
), counted AS (
  SELECT place, step, count(*) FILTER (reached >= percent) AS reached, count(*) FILTER (watched >= percent) AS watched
  FROM steps, viewers
  GROUP BY place, step
  UNION ALL
  SELECT 6, 'end event', count(*) FILTER (completed), count(*) FILTER (completed AND watched >= 95)
  FROM viewers
)
SELECT
  step,
  reached,
  round(100 * reached / nullif(first_value(reached) OVER places, 0), 1) AS reachedPercent,
  watched,
  round(100 * watched / nullif(first_value(watched) OVER places, 0), 1) AS watchedPercent
FROM counted
WINDOW places AS (ORDER BY place)
ORDER BY place;
