-- planwright: update a file of a discovery
WITH changed AS (
    UPDATE feature_planner.discovered_files
       SET file_type = $1, file_exists = $2, priority = $3, relevance_score = $4, role = $5,
           integration_point = $6, description = $7, reasoning = $8, lines_of_code = $9
     WHERE id = $10
    RETURNING *
), held AS (
    SELECT s.id, s.plan_id
      FROM feature_planner.file_discovery_sessions s JOIN changed c ON c.discovery_session_id = s.id
), files AS (
    SELECT f.* FROM feature_planner.discovered_files f JOIN held h ON h.id = f.discovery_session_id
     WHERE f.id NOT IN (SELECT id FROM changed)
    UNION ALL
    SELECT * FROM changed
)
