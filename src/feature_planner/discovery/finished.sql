, ended AS (
    UPDATE feature_planner.file_discovery_sessions s
       SET status = 'completed', completed_at = now(), architecture_insights = a.architecture_insights,
           prompt_tokens = a.prompt_tokens, completion_tokens = a.completion_tokens,
           total_tokens = a.total_tokens, execution_time_ms = a.execution_time_ms,
           total_files_found = l.total, critical_priority_count = l.critical,
           high_priority_count = l.high, medium_priority_count = l.medium,
           low_priority_count = l.low, discovered_files = l.discovered_files
      FROM asked a, held h, listed l
     WHERE s.id = h.id
    RETURNING s.*
)
