-- The check of files when a user is deleted.
-- Locks: SHARE UPDATE EXCLUSIVE on discovered_files while it scans; writers go on.
-- Reversible: yes.
CREATE INDEX CONCURRENTLY discovered_files_added_by_user_id_ix
    ON feature_planner.discovered_files (added_by_user_id);
