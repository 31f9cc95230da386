-- The index on the time comes again. This one before the other: of two that are as good the server takes
-- the younger, and the plans of before had that one.
-- Locks: SHARE UPDATE EXCLUSIVE on feature_plans while it scans; writers go on.
-- Reversible: yes.
CREATE INDEX CONCURRENTLY feature_plans_user_created_desc_idx
    ON feature_planner.feature_plans (user_id, created_at DESC);
