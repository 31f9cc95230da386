-- planwright: fail a discovery
WITH ended AS (
    UPDATE feature_planner.file_discovery_sessions
       SET status = 'failed', completed_at = now(), error_message = $1, prompt_tokens = $2,
           completion_tokens = $3, total_tokens = $4, execution_time_ms = $5
     WHERE id = $6 AND status = 'processing'
    RETURNING *
)
