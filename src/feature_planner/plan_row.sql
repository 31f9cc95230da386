SELECT id, user_id, original_request, refined_request, status, current_step, version,
       parent_plan_id, selected_refinement_id, selected_discovery_session_id,
       selected_plan_generation_id, discovered_files, selected_files, refinement_settings,
       implementation_plan, complexity, risk_level, estimated_duration, session_id,
       total_execution_time_ms, completed_at, created_at, updated_at
  FROM plan
