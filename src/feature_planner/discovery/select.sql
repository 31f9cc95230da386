-- planwright: select a discovery
WITH held AS (
    SELECT s.id, s.plan_id, s.discovered_files
      FROM feature_planner.file_discovery_sessions s
     WHERE s.id = $1 AND s.plan_id = $2 AND s.status = 'completed'
), marked AS (
    UPDATE feature_planner.file_discovery_sessions s
       SET is_selected = (s.id = h.id)
      FROM held h
     WHERE s.plan_id = h.plan_id AND s.is_selected <> (s.id = h.id)
), files AS (
    SELECT f.* FROM feature_planner.discovered_files f JOIN held h ON h.id = f.discovery_session_id
)
