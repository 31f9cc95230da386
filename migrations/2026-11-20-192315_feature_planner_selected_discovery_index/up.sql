-- The check of plans when a discovery is deleted.
-- Locks: SHARE UPDATE EXCLUSIVE on feature_plans while it scans; writers go on.
-- Reversible: yes.
CREATE INDEX CONCURRENTLY feature_plans_selected_discovery_session_id_id_ix
    ON feature_planner.feature_plans (selected_discovery_session_id, id);
