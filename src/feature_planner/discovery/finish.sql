-- planwright: finish a discovery
WITH asked AS (
    SELECT $1 AS id, $2 AS architecture_insights, $3 AS prompt_tokens, $4 AS completion_tokens,
           $5 AS total_tokens, $6 AS execution_time_ms
), held AS (
    SELECT s.id, s.plan_id
      FROM feature_planner.file_discovery_sessions s JOIN asked a ON a.id = s.id
     WHERE s.status = 'processing'
       FOR NO KEY UPDATE OF s
), input AS (
    SELECT * FROM unnest((SELECT $7), (SELECT $8), (SELECT $9), (SELECT $10), (SELECT $11), (SELECT $12),
                         (SELECT $13), (SELECT $14), (SELECT $15), (SELECT $16), (SELECT $17))
        AS u(id, file_path, file_type, file_exists, priority, relevance_score, role, integration_point,
             description, reasoning, lines_of_code)
), inserted AS (
    INSERT INTO feature_planner.discovered_files (
               discovery_session_id, id, file_path, file_type, file_exists, priority, relevance_score,
               role, integration_point, description, reasoning, lines_of_code)
    SELECT h.id, i.id, i.file_path, i.file_type, i.file_exists, i.priority, i.relevance_score, i.role,
           i.integration_point, i.description, i.reasoning, i.lines_of_code
      FROM held h, input i
    RETURNING *
), files AS (
    -- A discovery that is not finished has none, but for those of other writers.
    SELECT f.* FROM feature_planner.discovered_files f JOIN held h ON h.id = f.discovery_session_id
    UNION ALL
    SELECT * FROM inserted
)
