-- Files that are in a discovery more than once: delete all of them but one.
SELECT format('discovery %s has the file %s %s times: %s', discovery_session_id, file_path, count(*),
              string_agg(id::text, ', ' ORDER BY created_at, id))
  FROM feature_planner.discovered_files
 GROUP BY discovery_session_id, file_path
HAVING count(*) > 1
 ORDER BY discovery_session_id, file_path
 LIMIT 100;
