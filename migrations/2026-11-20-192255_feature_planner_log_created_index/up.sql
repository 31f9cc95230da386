-- The index on the time comes again.
-- Locks: SHARE UPDATE EXCLUSIVE on plan_execution_logs while it scans; writers go on.
-- Reversible: yes.
CREATE INDEX CONCURRENTLY plan_execution_logs_created_at_idx
    ON feature_planner.plan_execution_logs (created_at);
