-- planwright: reorder steps
--
-- One statement sees what was there when it began, though it may have waited for a lock since. So it
-- compares the generation that it locks, which is the newest, with the one that it sees: whoever adds,
-- deletes or reorders steps makes a new version of that row. FULL JOIN is hashed, whatever a kept plan
-- holds the number of given steps to be.
WITH held AS (
    SELECT p.id
      FROM feature_planner.feature_plans p
     WHERE p.user_id = $1
       AND p.id = (SELECT g.plan_id FROM feature_planner.implementation_plan_generations g
                    WHERE g.id = $2)
       FOR NO KEY UPDATE
), locked AS (
    SELECT g.id, g.ctid AS version
      FROM held JOIN feature_planner.implementation_plan_generations g ON g.plan_id = held.id
     WHERE g.id = $3
       FOR NO KEY UPDATE OF g
), both_ways AS (
    SELECT given.id AS given, own.id AS own, given.place
      FROM unnest($4) WITH ORDINALITY AS given(id, place)
           FULL JOIN (SELECT s.id FROM feature_planner.plan_steps s
                       WHERE s.plan_generation_id = $5) own USING (id)
), seen AS (
    SELECT l.id,
           l.version = (SELECT g.ctid FROM feature_planner.implementation_plan_generations g
                         WHERE g.id = $6) AS is_current,
           (SELECT count(*) FROM both_ways b WHERE b.own IS NOT NULL) AS steps,
           (SELECT b.given FROM both_ways b WHERE b.own IS NULL ORDER BY b.place LIMIT 1) AS foreign_id,
           (SELECT b.own FROM both_ways b WHERE b.given IS NULL ORDER BY b.own LIMIT 1) AS missing_id
      FROM locked l
), counted AS (
    UPDATE feature_planner.implementation_plan_generations g
       SET total_steps = n.steps
      FROM seen n
     WHERE g.id = n.id AND n.is_current AND n.foreign_id IS NULL AND n.missing_id IS NULL
    RETURNING g.id
), moved AS (
    UPDATE feature_planner.plan_steps s
       SET display_order = b.place - 1, step_number = b.place, updated_at = now()
      FROM counted, both_ways b
     WHERE s.plan_generation_id = counted.id AND s.id = b.own
       AND (s.display_order, s.step_number) <> (b.place - 1, b.place)
)
SELECT is_current, steps, foreign_id, missing_id FROM seen
