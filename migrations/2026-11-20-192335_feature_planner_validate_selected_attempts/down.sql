-- The rules go back to being unchecked for the rows that were there.
ALTER TABLE feature_planner.feature_plans
    DROP CONSTRAINT feature_plans_selected_refinement_id_id_fk,
    DROP CONSTRAINT feature_plans_selected_discovery_session_id_id_fk,
    DROP CONSTRAINT feature_plans_selected_plan_generation_id_id_fk;
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
