-- A discovery finds a file once.
-- Held: live data may have doubles, which the guard lists.
-- Locks: SHARE UPDATE EXCLUSIVE on discovered_files while it scans; writers go on.
-- Reversible: yes.
CREATE UNIQUE INDEX CONCURRENTLY discovered_files_discovery_session_id_file_path_uq
    ON feature_planner.discovered_files (discovery_session_id, file_path);
