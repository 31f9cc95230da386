-- Rows of before are looked at.
-- Held: live data may have others, which the guard lists.
-- Locks: SHARE UPDATE EXCLUSIVE on feature_plans and ROW SHARE on the attempts while it scans; writers go on.
-- Reversible: the rules go back to being unchecked for the rows that were there.
ALTER TABLE feature_planner.feature_plans
    VALIDATE CONSTRAINT feature_plans_selected_refinement_id_id_fk,
    VALIDATE CONSTRAINT feature_plans_selected_discovery_session_id_id_fk,
    VALIDATE CONSTRAINT feature_plans_selected_plan_generation_id_id_fk;
