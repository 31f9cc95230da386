UPDATE feature_planner.feature_plans p
   SET selected_discovery_session_id = h.id,
       discovered_files = coalesce(h.discovered_files, l.discovered_files),
       selected_files = l.selected_files, updated_at = now()
  FROM held h, listed l
 WHERE p.id = h.plan_id
RETURNING p.id, p.user_id, p.original_request, p.refined_request, p.status, p.current_step, p.version,
          p.parent_plan_id, p.selected_refinement_id, p.selected_discovery_session_id,
          p.selected_plan_generation_id, p.discovered_files, p.selected_files, p.refinement_settings,
          p.implementation_plan, p.complexity, p.risk_level, p.estimated_duration, p.session_id,
          p.total_execution_time_ms, p.completed_at, p.created_at, p.updated_at
