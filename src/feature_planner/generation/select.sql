-- planwright: select a generation
--
-- The plan is locked by the caller's first statement.
WITH plan AS (
    UPDATE feature_planner.feature_plans p
       SET selected_plan_generation_id = g.id, implementation_plan = g.implementation_plan,
           complexity = g.complexity, risk_level = g.risk_level,
           estimated_duration = g.estimated_duration, updated_at = now()
      FROM feature_planner.implementation_plan_generations g
     WHERE p.id = $1 AND g.plan_id = p.id AND g.id = $2 AND g.status = 'completed'
    RETURNING p.*
), marked AS (
    UPDATE feature_planner.implementation_plan_generations g
       SET is_selected = NOT g.is_selected
      FROM plan p
     WHERE g.plan_id = p.id AND g.is_selected <> (g.id = p.selected_plan_generation_id)
)
SELECT id, user_id, original_request, refined_request, status, current_step, version,
       parent_plan_id, selected_refinement_id, selected_discovery_session_id,
       selected_plan_generation_id, discovered_files, selected_files, refinement_settings,
       implementation_plan, complexity, risk_level, estimated_duration, session_id,
       total_execution_time_ms, completed_at, created_at, updated_at
  FROM plan
