-- planwright: enqueue or start refinements
--
-- The plan is locked by the caller's first statement.
WITH done AS (
    INSERT INTO feature_planner.feature_refinements
           (id, agent_id, agent_model, agent_name, agent_role, retry_count, input_request, plan_id,
            status)
    SELECT u.id, u.agent_id, u.agent_model, u.agent_name, u.agent_role, u.retry_count,
           coalesce(u.input_request, p.original_request), p.id, $1
      FROM unnest($2, $3, $4, $5, $6, $7, $8)
               AS u(id, agent_id, agent_model, agent_name, agent_role, retry_count, input_request),
           feature_planner.feature_plans p
     WHERE p.id = $9
    RETURNING *
)
