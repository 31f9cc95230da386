-- What names a row that is gone: set the column to NULL.
SELECT problem
  FROM (
    SELECT 0 AS nth, c.id AS key,
           format('plan %s is a version of plan %s, which is not there', c.id, c.parent_plan_id) AS problem
      FROM feature_planner.feature_plans c
     WHERE c.parent_plan_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM feature_planner.feature_plans p WHERE p.id = c.parent_plan_id)
    UNION ALL
    SELECT 1 AS nth, c.id AS key,
           format('log entry %s is below entry %s, which is not there', c.id, c.parent_log_id) AS problem
      FROM feature_planner.plan_execution_logs c
     WHERE c.parent_log_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM feature_planner.plan_execution_logs p WHERE p.id = c.parent_log_id)
    UNION ALL
    SELECT 2 AS nth, c.id AS key,
           format('step %s was made from template %s, which is not there', c.id, c.template_id) AS problem
      FROM feature_planner.plan_steps c
     WHERE c.template_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM feature_planner.plan_step_templates p WHERE p.id = c.template_id)
  ) AS problems
 ORDER BY nth, key
 LIMIT 100;
