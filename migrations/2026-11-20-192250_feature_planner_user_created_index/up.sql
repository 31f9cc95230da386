-- The index on the time comes again.
-- Locks: SHARE UPDATE EXCLUSIVE on feature_plans while it scans; writers go on.
-- Reversible: yes.
CREATE INDEX CONCURRENTLY feature_plans_user_created_idx
    ON feature_planner.feature_plans (user_id, created_at);
