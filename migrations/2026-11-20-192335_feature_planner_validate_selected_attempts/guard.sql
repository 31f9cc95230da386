-- Plans that have selected what is not an attempt of theirs: select one that is, or NULL.
SELECT problem
  FROM (
    SELECT p.id AS key, 0 AS nth,
           format('plan %s selects refinement %s, which is %s', p.id, p.selected_refinement_id,
                  coalesce('of plan ' || a.plan_id, 'not there')) AS problem
      FROM feature_planner.feature_plans p
      LEFT JOIN feature_planner.feature_refinements a ON a.id = p.selected_refinement_id
     WHERE p.selected_refinement_id IS NOT NULL AND a.plan_id IS DISTINCT FROM p.id
    UNION ALL
    SELECT p.id AS key, 1 AS nth,
           format('plan %s selects discovery %s, which is %s', p.id, p.selected_discovery_session_id,
                  coalesce('of plan ' || a.plan_id, 'not there')) AS problem
      FROM feature_planner.feature_plans p
      LEFT JOIN feature_planner.file_discovery_sessions a ON a.id = p.selected_discovery_session_id
     WHERE p.selected_discovery_session_id IS NOT NULL AND a.plan_id IS DISTINCT FROM p.id
    UNION ALL
    SELECT p.id AS key, 2 AS nth,
           format('plan %s selects generation %s, which is %s', p.id, p.selected_plan_generation_id,
                  coalesce('of plan ' || a.plan_id, 'not there')) AS problem
      FROM feature_planner.feature_plans p
      LEFT JOIN feature_planner.implementation_plan_generations a ON a.id = p.selected_plan_generation_id
     WHERE p.selected_plan_generation_id IS NOT NULL AND a.plan_id IS DISTINCT FROM p.id
  ) AS problems
 ORDER BY key, nth
 LIMIT 100;
