-- planwright: lock the first version of a plan
--
-- It is found from the plan upwards, as far as plans are the user's: in live data a version may have
-- a version for a parent. Where parents go round, it is the one of the circle with the least number.
WITH RECURSIVE up AS (
    SELECT id, parent_plan_id, user_id, ARRAY[id] AS path
      FROM feature_planner.feature_plans
     WHERE id = $1 AND user_id = $2
    UNION ALL
    SELECT p.id, p.parent_plan_id, p.user_id, path || p.id
      FROM up
      JOIN feature_planner.feature_plans p ON p.id = up.parent_plan_id AND p.user_id = up.user_id
     WHERE p.id <> ALL (path)
), top AS (
    SELECT id, path[array_position(path, parent_plan_id):] AS circle
      FROM up
     ORDER BY cardinality(path) DESC
     LIMIT 1
), first AS (
    SELECT p.id
      FROM top
      JOIN feature_planner.feature_plans p ON p.id = ANY (coalesce(circle, ARRAY[top.id]))
     ORDER BY p.version, p.created_at, p.id
     LIMIT 1
)
SELECT id
  FROM feature_planner.feature_plans
 WHERE id = (SELECT id FROM first)
   FOR NO KEY UPDATE
