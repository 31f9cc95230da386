-- planwright: finish a refinement
--
-- The plan is locked by the caller's first statement.
WITH done AS (
    UPDATE feature_planner.feature_refinements
       SET status = 'completed', completed_at = now(), refined_request = $1, word_count = $2,
           character_count = $3, focus = $4, confidence = $5, technical_complexity = $6,
           estimated_scope = $7, assumptions = $8, key_requirements = $9, risks = $10,
           is_valid_format = $11, validation_errors = $12, expansion_ratio = $13,
           prompt_tokens = $14, completion_tokens = $15, total_tokens = $16, execution_time_ms = $17
     WHERE id = $18 AND status = 'processing'
    RETURNING *
), timed AS (
    UPDATE feature_planner.feature_plans p
       SET total_execution_time_ms =
               least(p.total_execution_time_ms::bigint + coalesce(d.execution_time_ms, 0), 2147483647),
           updated_at = now()
      FROM done d
     WHERE p.id = d.plan_id
)
