-- planwright: enqueue or start a generation
--
-- The plan is locked by the caller's first statement.
WITH done AS (
    INSERT INTO feature_planner.implementation_plan_generations
           (id, agent_id, status, refined_request, discovered_files, plan_id)
    SELECT $1, $2, $3, coalesce($4, p.refined_request, p.original_request),
           coalesce($5, p.selected_files), p.id
      FROM feature_planner.feature_plans p
     WHERE p.id = $6
    RETURNING *
)
