-- planwright: add a file to a discovery
--
-- The plan is locked by the caller's first statement, so a file that another caller has added is seen.
WITH held AS (
    SELECT s.id, s.plan_id
      FROM feature_planner.file_discovery_sessions s
     WHERE s.id = $1 AND s.status = 'completed'
       AND NOT EXISTS (SELECT FROM feature_planner.discovered_files f
                        WHERE f.discovery_session_id = s.id AND f.file_path = $2)
       AND (SELECT count(*) FROM feature_planner.discovered_files f
             WHERE f.discovery_session_id = s.id) < $3
), changed AS (
    INSERT INTO feature_planner.discovered_files (
               discovery_session_id, is_manually_added, id, added_by_user_id, file_path, file_type,
               file_exists, priority, relevance_score, role, integration_point, description, reasoning,
               lines_of_code)
    SELECT h.id, true, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15
      FROM held h
    RETURNING *
), files AS (
    SELECT f.* FROM feature_planner.discovered_files f JOIN held h ON h.id = f.discovery_session_id
    UNION ALL
    SELECT * FROM changed
)
