-- planwright: fail a refinement
--
-- The plan is locked by the caller's first statement.
WITH done AS (
    UPDATE feature_planner.feature_refinements
       SET status = 'failed', completed_at = now(), error_message = $1, prompt_tokens = $2,
           completion_tokens = $3, total_tokens = $4, execution_time_ms = $5
     WHERE id = $6 AND status = 'processing'
    RETURNING *
), timed AS (
    UPDATE feature_planner.feature_plans p
       SET total_execution_time_ms =
               least(p.total_execution_time_ms::bigint + coalesce(d.execution_time_ms, 0), 2147483647),
           updated_at = now()
      FROM done d
     WHERE p.id = d.plan_id
)
