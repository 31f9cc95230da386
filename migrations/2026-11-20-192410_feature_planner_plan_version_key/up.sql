-- The versions of a plan have different numbers.
-- Held: live data may have doubles, which the guard lists.
-- Locks: SHARE UPDATE EXCLUSIVE on feature_plans while it scans; writers go on.
-- Reversible: yes.
CREATE UNIQUE INDEX CONCURRENTLY feature_plans_parent_plan_id_version_uq
    ON feature_planner.feature_plans (parent_plan_id, version);
