-- planwright: finish a generation
--
-- The plan is locked by the caller's first statement. Steps that are there already keep their places;
-- the given ones follow.
WITH given AS (
    SELECT *
      FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) WITH ORDINALITY
               AS u(id, title, description, category, confidence_level, estimated_duration, commands,
                    validation_commands, nth)
), own AS (
    SELECT count(*) AS steps, coalesce(max(display_order) + 1, 0) AS place,
           coalesce(max(step_number), 0) AS number
      FROM feature_planner.plan_steps
     WHERE plan_generation_id = $9
), done AS (
    UPDATE feature_planner.implementation_plan_generations
       SET status = 'completed', completed_at = now(), implementation_plan = $10, complexity = $11,
           risk_level = $12, estimated_duration = $13, prerequisites_count = $14,
           quality_gates_count = $15, has_required_sections = $16, is_valid_markdown = $17,
           validation_errors = $18, prompt_tokens = $19, completion_tokens = $20,
           total_tokens = $21, execution_time_ms = $22,
           total_steps = (SELECT own.steps FROM own) + (SELECT count(*) FROM given)
     WHERE id = $23 AND status = 'processing'
    RETURNING *
), timed AS (
    UPDATE feature_planner.feature_plans p
       SET total_execution_time_ms =
               least(p.total_execution_time_ms::bigint + coalesce(d.execution_time_ms, 0), 2147483647),
           updated_at = now()
      FROM done d
     WHERE p.id = d.plan_id
), steps AS (
    INSERT INTO feature_planner.plan_steps
           (id, plan_generation_id, display_order, step_number, title, description, category,
            confidence_level, estimated_duration, commands, validation_commands)
    SELECT u.id, d.id, own.place + u.nth - 1, own.number + u.nth, u.title, u.description, u.category,
           u.confidence_level, u.estimated_duration, u.commands, u.validation_commands
      FROM done d, own, given u
)
