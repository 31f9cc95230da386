, spent AS (
    UPDATE feature_planner.feature_plans p
       SET total_execution_time_ms =
               least(p.total_execution_time_ms::bigint + coalesce(e.execution_time_ms, 0), 2147483647),
           updated_at = now()
      FROM ended e
     WHERE p.id = e.plan_id
)
SELECT id, plan_id, agent_id, status, refined_request, discovered_files, architecture_insights,
       is_selected, total_files_found, critical_priority_count, high_priority_count,
       medium_priority_count, low_priority_count, prompt_tokens, completion_tokens, total_tokens,
       execution_time_ms, error_message, completed_at, created_at
  FROM ended
