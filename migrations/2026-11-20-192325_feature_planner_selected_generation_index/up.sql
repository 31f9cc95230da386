-- The check of plans when a generation is deleted.
-- Locks: SHARE UPDATE EXCLUSIVE on feature_plans while it scans; writers go on.
-- Reversible: yes.
CREATE INDEX CONCURRENTLY feature_plans_selected_plan_generation_id_id_ix
    ON feature_planner.feature_plans (selected_plan_generation_id, id);
