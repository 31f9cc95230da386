-- planwright: what a commit of a draft has to know
--
-- A statement of its own behind the locks, so that it sees what was committed while they were waited
-- for. A row for each meal that has a time or name of an earlier one of its day, or one without.
WITH meals AS (
    SELECT meal_id, day, position, name, meal_time,
           first_value(meal_id) OVER (PARTITION BY day, meal_time ORDER BY position) AS first_at_time,
           first_value(meal_id) OVER (PARTITION BY day, name ORDER BY position) AS first_of_name
      FROM draft_meals WHERE draft_id = $1
)
SELECT (SELECT draft_digest($2)),
       (SELECT content_digest FROM plan_versions WHERE plan_version_id = $3),
       (SELECT coalesce(max(version_number), 0) FROM plan_versions WHERE plan_id = $4),
       (SELECT EXISTS (SELECT FROM meals)),
       m.meal_id, m.day, m.meal_time, m.name,
       nullif(m.first_at_time, m.meal_id), nullif(m.first_of_name, m.meal_id)
  FROM (VALUES (1)) AS always
  LEFT JOIN meals m ON m.meal_id <> m.first_at_time OR m.meal_id <> m.first_of_name
 ORDER BY m.day, m.position
