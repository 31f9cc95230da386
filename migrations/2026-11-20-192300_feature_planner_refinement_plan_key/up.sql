-- What a plan's choice refers to: the refinement, as one of that plan. No row can break it, as ids differ.
-- Locks: SHARE UPDATE EXCLUSIVE on feature_refinements while it scans; writers go on.
-- Reversible: yes.
CREATE UNIQUE INDEX CONCURRENTLY feature_refinements_id_plan_id_uq
    ON feature_planner.feature_refinements (id, plan_id);
