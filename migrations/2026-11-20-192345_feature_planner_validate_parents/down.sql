-- The rules go back to being unchecked for the rows that were there.
ALTER TABLE feature_planner.feature_plans
    DROP CONSTRAINT feature_plans_parent_plan_id_fk;
ALTER TABLE feature_planner.plan_execution_logs
    DROP CONSTRAINT plan_execution_logs_parent_log_id_fk;
ALTER TABLE feature_planner.plan_steps
    DROP CONSTRAINT plan_steps_template_id_fk;
ALTER TABLE feature_planner.feature_plans
    ADD CONSTRAINT feature_plans_parent_plan_id_fk
        FOREIGN KEY (parent_plan_id) REFERENCES feature_planner.feature_plans (id)
        ON DELETE SET NULL NOT VALID;
ALTER TABLE feature_planner.plan_execution_logs
    ADD CONSTRAINT plan_execution_logs_parent_log_id_fk
        FOREIGN KEY (parent_log_id) REFERENCES feature_planner.plan_execution_logs (id)
        ON DELETE SET NULL NOT VALID;
ALTER TABLE feature_planner.plan_steps
    ADD CONSTRAINT plan_steps_template_id_fk
        FOREIGN KEY (template_id) REFERENCES feature_planner.plan_step_templates (id)
        ON DELETE SET NULL NOT VALID;
