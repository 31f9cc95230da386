-- planwright: create a discovery
INSERT INTO feature_planner.file_discovery_sessions (id, agent_id, status, plan_id, refined_request)
SELECT $1, $2, $3, p.id, coalesce($4, p.refined_request, p.original_request)
  FROM feature_planner.feature_plans p
 WHERE p.id = $5
RETURNING id, plan_id, agent_id, status, refined_request, discovered_files, architecture_insights,
          is_selected, total_files_found, critical_priority_count, high_priority_count,
          medium_priority_count, low_priority_count, prompt_tokens, completion_tokens, total_tokens,
          execution_time_ms, error_message, completed_at, created_at
