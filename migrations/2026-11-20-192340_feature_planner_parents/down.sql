ALTER TABLE feature_planner.feature_plans
    DROP CONSTRAINT feature_plans_parent_plan_id_fk;
ALTER TABLE feature_planner.plan_execution_logs
    DROP CONSTRAINT plan_execution_logs_parent_log_id_fk;
ALTER TABLE feature_planner.plan_steps
    DROP CONSTRAINT plan_steps_template_id_fk;
