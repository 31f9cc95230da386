-- planwright: attempts that hang
SELECT open.kind, open.id, open.plan_id, open.agent_id, open.is_processing, open.created_at
  FROM (SELECT 'refinement' AS kind, id, plan_id, agent_id, status = 'processing' AS is_processing,
               created_at
          FROM feature_planner.feature_refinements
         WHERE status IN ('pending', 'processing')
        UNION ALL
        SELECT 'discovery', id, plan_id, agent_id, status = 'processing', created_at
          FROM feature_planner.file_discovery_sessions
         WHERE status IN ('pending', 'processing')
        UNION ALL
        SELECT 'generation', id, plan_id, agent_id, status = 'processing', created_at
          FROM feature_planner.implementation_plan_generations
         WHERE status IN ('pending', 'processing')) open
  JOIN feature_planner.feature_plans p ON p.id = open.plan_id
 WHERE p.user_id = $1
   AND open.created_at < now() - make_interval(secs => $2)
   AND ($3 OR (open.created_at, open.id) > ($4, $5))
 ORDER BY open.created_at, open.id
 LIMIT $6
