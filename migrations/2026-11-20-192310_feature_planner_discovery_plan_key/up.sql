-- What a plan's choice refers to: the discovery, as one of that plan. No row can break it, as ids differ.
-- Locks: SHARE UPDATE EXCLUSIVE on file_discovery_sessions while it scans; writers go on.
-- Reversible: yes.
CREATE UNIQUE INDEX CONCURRENTLY file_discovery_sessions_id_plan_id_uq
    ON feature_planner.file_discovery_sessions (id, plan_id);
