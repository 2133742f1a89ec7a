-- Users by the week of their first watch, and the share of them seen again 1 to 8 weeks later.
-- $limit = 12: weeks to show, the latest
--
-- engagement holds the first and the last watch of each video: a user is seen in a week when either falls into it for any
-- video. Visits between the two are not seen, so the shares are lower bounds. A week that the
-- data does not reach is empty. Weeks begin on Monday, UTC.
WITH rows AS (
  -- UTC, whatever the time zone of the session
  SELECT userId, date_trunc('week', make_timestamp(epoch_us(firstWatchDate)))::DATE AS firstWeek,
    date_trunc('week', make_timestamp(epoch_us(lastWatchDate)))::DATE AS lastWeek
  FROM engagement
), users AS (
  SELECT min(firstWeek) AS cohort, max(lastWeek) AS latest, list_distinct(list(firstWeek) || list(lastWeek)) AS weeks
  FROM rows
  GROUP BY userId
), aged AS (
  SELECT cohort, (unnest(weeks) - cohort) // 7 AS age, ((SELECT max(latest) FROM users) - cohort) // 7 AS weeksSince
  FROM users
)
SELECT
  cohort AS week,
  count(*) FILTER (age = 0) AS users,
  CASE WHEN any_value(weeksSince) >= 1 THEN round(100 * count(*) FILTER (age = 1) / users, 1) END AS week1Percent,
  CASE WHEN any_value(weeksSince) >= 2 THEN round(100 * count(*) FILTER (age = 2) / users, 1) END AS week2Percent,
  CASE WHEN any_value(weeksSince) >= 3 THEN round(100 * count(*) FILTER (age = 3) / users, 1) END AS week3Percent,
  CASE WHEN any_value(weeksSince) >= 4 THEN round(100 * count(*) FILTER (age = 4) / users, 1) END AS week4Percent,
  CASE WHEN any_value(weeksSince) >= 5 THEN round(100 * count(*) FILTER (age = 5) / users, 1) END AS week5Percent,
  CASE WHEN any_value(weeksSince) >= 6 THEN round(100 * count(*) FILTER (age = 6) / users, 1) END AS week6Percent,
  CASE WHEN any_value(weeksSince) >= 7 THEN round(100 * count(*) FILTER (age = 7) / users, 1) END AS week7Percent,
  CASE WHEN any_value(weeksSince) >= 8 THEN round(100 * count(*) FILTER (age = 8) / users, 1) END AS week8Percent
FROM aged
GROUP BY cohort
ORDER BY cohort DESC
LIMIT $limit;
