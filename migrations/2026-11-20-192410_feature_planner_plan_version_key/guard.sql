-- Versions of one plan that have one number: give each but one another.
SELECT format('plan %s has %s versions %s: %s', parent_plan_id, count(*), version,
              string_agg(id::text, ', ' ORDER BY created_at, id))
  FROM feature_planner.feature_plans
 WHERE parent_plan_id IS NOT NULL
 GROUP BY parent_plan_id, version
HAVING count(*) > 1
 ORDER BY parent_plan_id, version
 LIMIT 100;
