-- planwright: select a refinement
--
-- The plan is locked by the caller's first statement.
WITH plan AS (
    UPDATE feature_planner.feature_plans p
       SET selected_refinement_id = r.id, refined_request = r.refined_request, updated_at = now()
      FROM feature_planner.feature_refinements r
     WHERE p.id = $1 AND r.plan_id = p.id AND r.id = $2 AND r.status = 'completed'
    RETURNING p.*
)
SELECT id, user_id, original_request, refined_request, status, current_step, version,
       parent_plan_id, selected_refinement_id, selected_discovery_session_id,
       selected_plan_generation_id, discovered_files, selected_files, refinement_settings,
       implementation_plan, complexity, risk_level, estimated_duration, session_id,
       total_execution_time_ms, completed_at, created_at, updated_at
  FROM plan
