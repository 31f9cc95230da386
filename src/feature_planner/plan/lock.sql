-- planwright: lock a plan and what has it for a parent
SELECT id
  FROM feature_planner.feature_plans
 WHERE (id = $1 OR parent_plan_id = $2) AND user_id = $3
 ORDER BY id
   FOR UPDATE
