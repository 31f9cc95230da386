ALTER TABLE feature_planner.feature_plans
    DROP CONSTRAINT feature_plans_selected_refinement_id_id_fk,
    DROP CONSTRAINT feature_plans_selected_discovery_session_id_id_fk,
    DROP CONSTRAINT feature_plans_selected_plan_generation_id_id_fk;
