-- planwright: select files
--
-- All of those that are asked for, or none where one is not a file of the discovery.
WITH asked AS (
    SELECT DISTINCT unnest((SELECT $1)) AS id
), wanted AS (
    SELECT $2 AS is_selected
), held AS (
    SELECT s.id, s.plan_id, s.discovered_files
      FROM feature_planner.file_discovery_sessions s
     WHERE s.id = $3 AND s.plan_id = $4
       AND (SELECT count(*) FROM asked)
           = (SELECT count(*) FROM feature_planner.discovered_files f
               WHERE f.discovery_session_id = s.id AND (f.id IN (SELECT id FROM asked)) IS TRUE)
), changed AS (
    UPDATE feature_planner.discovered_files f
       SET is_selected = w.is_selected
      FROM held h, wanted w
     WHERE f.discovery_session_id = h.id AND (f.id IN (SELECT id FROM asked)) IS TRUE
       AND f.is_selected <> w.is_selected
    RETURNING f.*
), files AS (
    SELECT f.* FROM feature_planner.discovered_files f JOIN held h ON h.id = f.discovery_session_id
     WHERE f.id NOT IN (SELECT id FROM changed)
    UNION ALL
    SELECT * FROM changed
)
