-- What a plan has selected is one of its own attempts. Where the attempt is deleted, nothing is selected.
-- Rows that are there are not looked at yet.
-- Held: who selects an attempt of another plan, or one that is not there, is refused from here on.
-- Locks: SHARE ROW EXCLUSIVE on feature_plans, feature_refinements, file_discovery_sessions and
-- implementation_plan_generations, milliseconds.
-- Reversible: yes.
ALTER TABLE feature_planner.feature_plans
    ADD CONSTRAINT feature_plans_selected_refinement_id_id_fk
        FOREIGN KEY (selected_refinement_id, id) REFERENCES feature_planner.feature_refinements (id, plan_id)
        ON DELETE SET NULL (selected_refinement_id) NOT VALID,
    ADD CONSTRAINT feature_plans_selected_discovery_session_id_id_fk
        FOREIGN KEY (selected_discovery_session_id, id) REFERENCES feature_planner.file_discovery_sessions (id, plan_id)
        ON DELETE SET NULL (selected_discovery_session_id) NOT VALID,
    ADD CONSTRAINT feature_plans_selected_plan_generation_id_id_fk
        FOREIGN KEY (selected_plan_generation_id, id) REFERENCES feature_planner.implementation_plan_generations (id, plan_id)
        ON DELETE SET NULL (selected_plan_generation_id) NOT VALID;
