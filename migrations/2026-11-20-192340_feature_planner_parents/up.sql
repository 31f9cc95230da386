-- The plan that one is a version of, the log entry that one is below, and the template that a step was made
-- from exist. Where they are deleted, the others stay without. Rows that are there are not looked at yet.
-- Held: who names one that is not there is refused from here on.
-- Locks: SHARE ROW EXCLUSIVE on feature_plans, plan_execution_logs, plan_steps and plan_step_templates,
-- milliseconds.
-- Reversible: yes.
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
