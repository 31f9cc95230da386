-- planwright: remove a file from a discovery
WITH changed AS (
    DELETE FROM feature_planner.discovered_files WHERE id = $1
    RETURNING *
), held AS (
    SELECT s.id, s.plan_id
      FROM feature_planner.file_discovery_sessions s JOIN changed c ON c.discovery_session_id = s.id
), files AS (
    SELECT f.* FROM feature_planner.discovered_files f JOIN held h ON h.id = f.discovery_session_id
     WHERE f.id NOT IN (SELECT id FROM changed)
)
